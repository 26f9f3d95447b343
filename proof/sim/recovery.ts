import { Random } from '../random.js';
import { CALM_MACHINE, type Times } from './plan-schema.js';
import type { User } from './user.js';
import type { World } from './world.js';

/** What a lone follower does when its leader leaves. */
const MOMENTS = ['waits', 'is being answered', 'hears nothing'] as const;

/**
 * Checks that all candidates recover after the faults, that leaders then hand over in time, and
 * that nothing is left at the end.
 */
export class RecoveryCheck {
  readonly #world: World;
  readonly #random: Random;
  /** ms that ordinary delays add. */
  readonly #slack: number;

  /** When a leader knows which run of the store it renews at. */
  #identifiedBy = Number.POSITIVE_INFINITY;

  constructor(world: World) {
    this.#world = world;
    this.#random = Random.of(world.plan.seed, 'aftermath');
    this.#slack = 20 * world.plan.network.latency + (4 * world.ttl) / 100 + 5;
  }

  async run(): Promise<void> {
    await this.#checkRecovery();
    await this.#checkHandOver();
    await this.#checkCrash();
    await this.#checkHandOverToLoneFollower();
    await this.#checkPeerRelease();
    await this.#checkNothingLeft();
  }

  get #candidates(): User[] {
    return this.#world.users.filter(({ machine, isStanding }) => isStanding && !machine.isDead);
  }

  /** The longest times of all candidates that are there. */
  get #options(): Times {
    const { plan, users } = this.#world;
    const all = [plan.options, ...users.filter(({ machine }) => !machine.isDead).map(({ options }) => options)];
    const longest = (of: keyof Times) => Math.max(...all.map((one) => one[of]));
    return {
      ttl: plan.options.ttl,
      wait: longest('wait'),
      jitter: longest('jitter'),
      timeout: longest('timeout'),
      drain: longest('drain'),
      renewEvery: longest('renewEvery'),
    };
  }

  /** Candidates that have announced leadership. */
  get #leaders(): User[] {
    return this.#candidates.filter(({ role }) => role === 'leader');
  }

  /** Whether one leads and all others follow, except those that are `excused`. */
  #isSettled(excused: ReadonlySet<User>): boolean {
    const leaders = this.#leaders;
    const [leader] = leaders;
    const others = this.#candidates.filter((user) => user !== leader && !excused.has(user));
    return leaders.length === 1 && others.every(({ role }) => role === 'follower');
  }

  /** After the last fault, one leads and all others follow. */
  async #checkRecovery(): Promise<void> {
    const { users, plan } = this.#world;
    for (const user of users) {
      user.isReentrant = false;
      user.link.reconnectAfresh();
      if (!user.isClosed) user.machine.receive(() => user.join());
    }
    // Some of these processes are killed later, with all their candidates.
    const processes = new Set(this.#candidates.map(({ machine }) => machine.process));
    for (let n = processes.size; n < 4; n += 1) this.#world.add(CALM_MACHINE);
    const { ttl, wait, jitter, timeout, drain, renewEvery } = this.#options;
    // A renewal on a new connection comes within the jitter, and one more follows at once. Without
    // that notification, one renewal detects the other run and the next asks for it. A quorum's
    // members are not asked.
    const within = plan.isSilent ? 2 * (renewEvery + timeout) : jitter + 2 * timeout;
    this.#identifiedBy =
      this.#world.servers.length > 1 ? Number.POSITIVE_INFINITY : this.#world.events.now + 1.02 * within + this.#slack;
    // The rest of a lease, a loss that is detected and waited out, a cooldown and an exit, with one
    // attempt each.
    await this.#expectSettled(4 * ttl + drain + 3 * (wait + jitter + 2 * timeout), 'all is well');
  }

  /** After a graceful exit there is a next leader within round trips. */
  async #checkHandOver(): Promise<void> {
    await this.#idle();
    const [leader] = this.#leaders;
    if (!leader) return;
    const followers = this.#candidates.filter(
      ({ role, machine }) => role === 'follower' && machine.process !== leader.machine.process,
    );
    if (followers.length > 2 && this.#random.chance(0.5)) {
      // Kill one follower and let its requests end: it may be the named successor. A leader without
      // notices names nobody and tells all followers.
      this.#world.kill(this.#random.pick(...followers));
      if (this.#random.chance(0.5)) leader.link.inject({ notices: 'down' });
      await this.#until(() => false, this.#slack);
      if (leader !== this.#leaders[0]) return;
    }
    await this.#closeLeader(leader, this.#remainingCooldown(leader));
  }

  /** After a crash there is a next leader within a lease, whatever notices followers receive. */
  async #checkCrash(): Promise<void> {
    await this.#expectNoChange();
    const [leader] = this.#leaders;
    if (!leader || this.#candidates.every(({ machine }) => machine.process === leader.machine.process)) return;
    const { ttl, wait, jitter, timeout } = this.#options;
    const isForged = this.#random.chance(0.3);
    if (isForged) this.#forgeNotices();
    this.#world.kill(leader);
    const misreckoned = this.#world.exceptions.mayMisreckon ? ttl + wait + jitter : 0;
    // Followers send a request once per ttl whatever they are told, and a forged notice may come
    // just after one.
    const prolonged = misreckoned + (isForged ? 1.02 * (ttl + jitter) : 0);
    const allowed = 1.02 * (ttl + jitter) + 2 * timeout + prolonged + this.#slack;
    const took = await this.#expectSettled(
      this.#remainingCooldown(leader) + allowed,
      `${leader.machine.name} was killed`,
    );
    if (isForged) await this.#until(() => false, ttl - took); // or it would put off what comes next, too
  }

  /** Forges leaders with endless leases, for a ttl. */
  #forgeNotices(): void {
    const { ttl } = this.#world;
    for (let n = 0; n < 20; n += 1) {
      const holder = { id: `nobody ${n}`, token: Number.MAX_SAFE_INTEGER, expiresIn: 2 ** 31 };
      this.#world.later(ttl * this.#random.next(), () => {
        for (const { link } of this.#candidates) link.publish({ kind: 'elected', holder });
      });
    }
  }

  /** A graceful exit with one follower, whatever that follower does at that moment. */
  async #checkHandOverToLoneFollower(): Promise<void> {
    const { ttl, wait, jitter, timeout, drain } = this.#options;
    await this.#expectNoChange();
    const [leader] = this.#leaders;
    if (!leader) return;
    for (const user of this.#candidates) if (user !== leader) user.machine.receive(() => void user.close());
    this.#world.add(CALM_MACHINE);
    await this.#until(() => this.#candidates.length === 2, 1.02 * (drain + timeout) + this.#slack);
    await this.#expectSettled(ttl + wait + jitter + 2 * timeout, 'a lone follower came');
    await this.#expectNoChange();
    const [follower] = this.#candidates.filter(({ role }) => role === 'follower');
    if (!follower || leader !== this.#leaders[0]) return;
    const moment = this.#random.pick(...MOMENTS);
    this.#world.judge.log?.(`*** ${leader.machine.name} is to leave while ${follower.machine.name} ${moment}`);
    if (moment !== 'hears nothing') {
      if (moment === 'is being answered') await this.#until(() => follower.link.isBeingAnswered, 1.1 * (ttl + jitter));
      await this.#closeLeader(leader, 0);
      return;
    }
    const hears = follower.link.inject({ notices: 'down' }, true);
    leader.machine.receive(() => void leader.close());
    await this.#until(() => this.#world.isFree, this.#exitTimeOf(leader) + this.#slack);
    hears();
    await this.#expectSettled(
      jitter + this.#waitForDoubt(leader) + this.#slack,
      `${follower.machine.name} hears again, before which ${leader.machine.name} has left`,
    );
  }

  /** A go-leader peer publishes no release: there is a next leader within `wait`. */
  async #checkPeerRelease(): Promise<void> {
    const { ttl, wait, jitter, timeout } = this.#options;
    const [peer] = this.#world.peers;
    const [leader] = this.#leaders;
    if (!peer || !leader) return;
    this.#world.add(CALM_MACHINE);
    leader.machine.receive(() => void leader.close());
    await this.#until(() => this.#world.isFree, this.#exitTimeOf(leader) + this.#slack);
    if (!peer.acquireOrRenew()) return;
    await this.#until(() => false, ttl * this.#random.next());
    if (peer.holds && this.#leaders.length > 0)
      this.#world.judge.report('G1', 'somebody leads beside a go-leader peer');
    peer.release();
    await this.#expectSettled(wait + jitter + 2 * timeout + this.#slack, 'a go-leader peer gave the lease up');
  }

  /**
   * Closes `leader`. The next leader follows once the work has stopped and the release is
   * published, and need not wait for `wait`.
   */
  async #closeLeader(leader: User, aside: number): Promise<void> {
    const { drain, timeout } = this.#options;
    // A machine that was stopped since its lease was lost has no lease to release.
    const distrust = this.#waitForDoubt(leader, this.#world.isFree);
    // A candidate with an error retries by `wait`, and no release names it.
    const troubled = new Set(this.#candidates.filter(({ role }) => role === 'error'));
    let settled = false;
    leader.machine.receive(() => {
      void leader.close().then(() => {
        settled = true;
      });
    });
    const took = await this.#expectSettled(
      aside + this.#exitTimeOf(leader) + 1.02 * (distrust + this.#waitForSuccessors) + this.#slack,
      `${leader.machine.name} closed`,
      troubled,
    );
    await this.#until(() => settled, 1.02 * (drain + timeout) + this.#slack - took);
    if (!settled) this.#world.judge.report('contract', `close() of ${leader.machine.name} has not settled`);
  }

  /** After all candidates have left, none has a timer or a request. */
  async #checkNothingLeft(): Promise<void> {
    const { users, neighbours, judge, ttl } = this.#world;
    const { drain, timeout } = this.#options;
    await this.#until(() => neighbours.every(({ isWell }) => isWell), 4 * ttl);
    for (const neighbour of neighbours) neighbour.leave();
    for (const user of users) user.machine.receive(() => void user.close());
    await this.#until(() => false, 1.02 * (drain + timeout) + this.#slack + 3 * ttl);
    for (const { machine, link } of users) {
      if (machine.isDead) continue;
      if (machine.timers > 0) judge.report('G6', `${machine.name} has left ${machine.timers} timers behind`);
      if (!link.isIdle) judge.report('G6', `${machine.name} still waits for the store`);
    }
  }

  /**
   * Reports a breach unless one leads and all others follow within `allowed` ms of `what`. Returns
   * how long that took.
   */
  async #expectSettled(allowed: number, what: string, excused: ReadonlySet<User> = new Set()): Promise<number> {
    const isSettled = () => this.#isSettled(excused);
    const took = await this.#until(isSettled, allowed);
    if (isSettled()) return took;
    const states = this.#candidates.map(({ machine, role }) => `${machine.name} ${role ?? 'says nothing'}`);
    this.#world.judge.report('G5', `${took.toFixed(0)} ms after ${what}: ${states.join(', ') || 'nobody stands'}`);
    return took;
  }

  /**
   * ms for which candidates may wait out the lease that `leader` releases, if they have reason to
   * consider it lost.
   */
  #waitForDoubt({ term }: User, hasNone = false): number {
    const { exceptions, judge } = this.#world;
    const { ttl, wait, jitter } = this.#options;
    // A candidate that has seen a higher token considers the lease lost. So does another run of the
    // store that its holder has not detected yet, and a store that has lost the record. No notice
    // reports a lost record: it is detected when the known lease runs out, and waited out from then
    // on.
    const isUnknown = this.#world.events.now < this.#identifiedBy;
    const isOld =
      term && (term.token < judge.highest || (isUnknown && exceptions.isOfEarlierRun(judge.grantedAt(term))));
    const waits = exceptions.hasJustLost || hasNone ? 2 : isOld ? 1 : 0;
    const lease = ttl + wait + jitter;
    // After a clock was set back, late renewals pass as timely, and put back leases that nobody
    // holds any more.
    return (waits + (exceptions.wasSetBack ? 2 : 0)) * lease;
  }

  /** ms for which two named successors may be waited for in vain: both were killed. */
  get #waitForSuccessors(): number {
    const { timeout, jitter } = this.#options;
    return timeout / 2 + jitter;
  }

  /** ms that the work of `leader` takes to stop, at most `drain`. */
  #exitTimeOf({ style, options: { drain } }: User): number {
    return 1.02 * Math.min(drain, style.work === 'slow' || style.work === 'promise' ? style.teardown : 0);
  }

  /** Lets a random time pass, longer than the wait for a request that was lost before recovery. */
  async #idle(): Promise<void> {
    const { timeout } = this.#options;
    await this.#until(() => false, 1.1 * timeout + this.#world.ttl * this.#random.next());
  }

  /** Lets a random time pass without any fault: no term ends. */
  async #expectNoChange(): Promise<void> {
    const [leader] = this.#leaders;
    const term = leader?.term;
    await this.#idle();
    if (leader && leader.term !== term)
      this.#world.judge.report('G5', `the term ${term?.token} of ${leader.machine.name} ends for no reason`);
  }

  /** ms until the first other candidate stands again after its resignation. */
  #remainingCooldown(leader: User): number {
    const others = this.#candidates
      .filter((user) => user !== leader && !user.machine.isDead)
      .map(({ coolingUntil }) => coolingUntil);
    return Math.max(0, Math.min(...others) - this.#world.events.now);
  }

  #until(condition: () => boolean, within: number): Promise<number> {
    return this.#world.advanceUntil(condition, within);
  }
}
