const { whileLeader } = require('rx-leader');
const { interval, map } = require('rxjs');

/** What the application does while it leads. */
exports.ticks = (election) => election.pipe(whileLeader(() => interval(1_000).pipe(map((n) => `tick ${n}`))));
