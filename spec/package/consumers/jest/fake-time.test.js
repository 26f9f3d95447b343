const { elect } = require('rx-leader');
const { MemoryLeaseStore } = require('rx-leader/testing');

const TTL = 1_000;

afterEach(() => {
  jest.useRealTimers();
});

/** The machine stands still for `ms` of real time, as in a debugger. */
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test.each([[{}], [{ doNotFake: ['performance', 'hrtime'] }]])(
  'it leads on in fake time, whatever real time passes meanwhile: %j',
  async (config) => {
    jest.useFakeTimers(config);
    const election = elect({ store: new MemoryLeaseStore(), key: 'fake', ttl: TTL });
    const roles = [];
    election.subscribe(({ role }) => roles.push(role));
    await jest.advanceTimersByTimeAsync(10.5 * TTL);
    const remaining = election.term?.remaining();
    pause(1.5 * TTL);
    expect(election.term?.remaining()).toBe(remaining);
    await jest.advanceTimersByTimeAsync(10 * TTL);
    expect([roles, election.isLeading]).toEqual([['leader'], true]);
    const closed = election.close();
    await jest.advanceTimersByTimeAsync(TTL);
    await closed;
  },
);
