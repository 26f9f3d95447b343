import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Observable, type Subscriber } from 'rxjs';
import type { ElectionError } from '../../lib/port/errors.js';
import type { RenewRequest } from '../../lib/port/lease-store.js';
import type { CommandConnection } from '../../lib/redis/client-adapter.js';
import { ReplicaConfirmer } from '../../lib/redis/replica-confirmer.js';
import { scripts } from '../../lib/redis/scripts.js';

const COUNT = 2;
const TIMEOUT = 1_000;
/** A reply of the script. */
const RENEWED = ['renewed', '1000000', '7', '2000'];
const LOST = ['lost', '1000000', '8', '2000', '', '0', '', '', ''];

const witnesses: ReplicaConfirmer[] = [];

afterEach(() => {
  for (const confirmer of witnesses.splice(0)) confirmer.close();
  jest.useRealTimers();
});

const fakeTimers = () =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });

interface Call {
  readonly name: string;
  answer(reply: unknown): void;
  refuse(message: string): void;
}

/** Connections that record their calls, and reply on request. */
class FakeConnections {
  readonly calls: Call[] = [];
  readonly opened: Array<Subscriber<CommandConnection>> = [];
  closed = 0;

  readonly open = (): Observable<CommandConnection> =>
    new Observable((subscriber) => {
      this.opened.push(subscriber);
      return () => {
        this.closed += 1;
      };
    });

  /** Opens the connection that was requested last. */
  connect(): void {
    const connection: CommandConnection = {
      evalSha: (sha, { arguments: [id] }) => this.#call(sha === scripts.renew.sha ? `renew ${id}` : sha),
      eval: (source, { arguments: [id] }) =>
        this.#call(source === scripts.renew.source ? `renew by text ${id}` : source),
      wait: (count, timeout) => this.#call(`wait ${count} ${timeout}`),
    };
    this.opened.at(-1)?.next(connection);
  }

  lose(): void {
    this.opened.at(-1)?.complete();
  }

  /** The calls since the last call of this method. */
  take(): Call[] {
    return this.calls.splice(0);
  }

  #call(name: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.calls.push({ name, answer: resolve, refuse: (message) => reject(new Error(message)) });
    });
  }
}

const request = (id: string): RenewRequest => ({
  verb: 'renew',
  key: 'k',
  id,
  timeout: 2 * TIMEOUT,
  ttl: 60_000,
  token: 7,
  name: 'n',
});

function bench(count: number, timeout = TIMEOUT) {
  const connections = new FakeConnections();
  const confirmer = new ReplicaConfirmer(connections.open, { count, timeout }, '');
  witnesses.push(confirmer);
  /** The outcome: undefined, `confirmed`, or an error. */
  const ask = (id: string, { write = true } = {}) => {
    const asked: { outcome?: 'confirmed' | ElectionError; leave(): void } = { leave: () => subscription.unsubscribe() };
    const subscription = confirmer.confirm(request(id), write ? request(id) : undefined).subscribe({
      error: (error) => {
        asked.outcome = error;
      },
      complete: () => {
        asked.outcome = 'confirmed';
      },
    });
    return asked;
  };
  return { connections, confirmer, ask };
}

/** Resolves once all pending callbacks have run. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
}

/** A bench with a connection and no calls. */
async function connected(count = COUNT, timeout = TIMEOUT) {
  const made = bench(count, timeout);
  const { connections, ask } = made;
  const first = ask('first');
  await settled();
  connections.connect();
  await answer(connections, RENEWED, count);
  expect(first.outcome).toBe('confirmed');
  return made;
}

/** Replies to a round: to its writes, and with the number of replicas. */
async function answer(connections: FakeConnections, reply: unknown, count: number): Promise<void> {
  for (const { name, answer } of connections.take()) answer(name.startsWith('wait') ? count : reply);
  await settled();
}

const names = (calls: readonly Call[]) => calls.map(({ name }) => name);
const unavailable = (reason: RegExp) =>
  expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(reason) });

describe('a replica confirmer', () => {
  it('opens one connection for all, at the first request', async () => {
    const { connections, ask } = bench(COUNT);
    await settled();
    expect(connections.opened).toHaveLength(0);
    ask('a');
    ask('b');
    await settled();
    expect(connections.opened).toHaveLength(1);
    connections.connect();
    expect(names(connections.take())).toEqual(['renew a', 'renew b', 'wait 2 1000']);
  });

  it('sends the writes of one turn and then one WAIT; later requests join the next round', async () => {
    const { connections, ask } = await connected();
    const [a, b] = [ask('a'), ask('b')];
    await settled();
    const round = connections.take();
    expect(names(round)).toEqual(['renew a', 'renew b', 'wait 2 1000']);
    const c = ask('c');
    await settled();
    expect(connections.take()).toEqual([]);
    for (const { name, answer } of round) answer(name.startsWith('wait') ? COUNT : RENEWED);
    await settled();
    expect([a.outcome, b.outcome, c.outcome]).toEqual(['confirmed', 'confirmed', undefined]);
    expect(names(connections.calls)).toEqual(['renew c', 'wait 2 1000']);
    await answer(connections, RENEWED, COUNT + 1);
    expect(c.outcome).toBe('confirmed');
  });

  it('confirms nothing before both have replied', async () => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = connections.take();
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toBeUndefined();
    write?.answer(RENEWED);
    await settled();
    expect(a.outcome).toBe('confirmed');
  });

  it('fails this round and the next if there are too few replicas', async () => {
    const { connections, confirmer, ask } = await connected();
    const a = ask('a');
    await settled();
    const b = ask('b');
    await answer(connections, RENEWED, COUNT - 1);
    const few = unavailable(/^renew of "k" failed: 1 of 2 replicas had it after 1000 ms$/);
    expect([a.outcome, b.outcome]).toEqual([few, few]);
    expect(confirmer.isDoubtful).toBe(true);
    expect(connections.calls).toEqual([]);
  });

  it('checks without a new lease whether replicas have the last write', async () => {
    const { connections, confirmer, ask } = await connected();
    ask('a');
    await settled();
    await answer(connections, RENEWED, 0);
    const again = ask('a', { write: false });
    await settled();
    // On a connection without a write, WAIT would count any connected replica.
    expect(names(connections.calls)).toEqual([expect.stringContaining('HSET'), 'wait 2 1000']);
    await answer(connections, undefined, COUNT);
    expect([again.outcome, confirmer.isDoubtful]).toEqual(['confirmed', false]);
  });

  it('confirms no missing lease, confirms the others, and then reconnects', async () => {
    const { connections, confirmer, ask } = await connected();
    const [a, b] = [ask('a'), ask('b')];
    await settled();
    for (const { name, answer } of connections.take())
      answer(name.startsWith('wait') ? COUNT : name === 'renew a' ? LOST : RENEWED);
    await settled();
    expect([a.outcome, b.outcome]).toEqual([
      unavailable(/: the connection that waits for replicas found it lost$/),
      'confirmed',
    ]);
    expect([confirmer.isDoubtful, connections.closed]).toEqual([true, 1]);
  });

  it('fails on an invalid reply', async () => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    await answer(connections, 'OK', COUNT);
    expect(a.outcome).toMatchObject({ code: 'STORE_REPLY' });
    const b = ask('b');
    await settled();
    connections.connect();
    await answer(connections, RENEWED, Number.NaN);
    expect(b.outcome).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('sends the script by text to a server that does not know it, with another WAIT', async () => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = connections.take();
    write?.refuse('NOSCRIPT No matching script. Please use EVAL.');
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toBeUndefined();
    expect(names(connections.calls)).toEqual(['renew by text a', 'wait 2 1000']);
    await answer(connections, RENEWED, COUNT);
    expect(a.outcome).toBe('confirmed');
  });

  it('confirms nothing by a lost connection, whatever it or another replies later', async () => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    const round = connections.take();
    const b = ask('b');
    connections.lose();
    const lost = unavailable(/the connection that waits for replicas was lost/);
    expect([a.outcome, b.outcome]).toEqual([lost, lost]);
    for (const { name, answer } of round) answer(name.startsWith('wait') ? COUNT : RENEWED);
    const c = ask('c');
    await settled();
    expect(connections.opened).toHaveLength(2);
    connections.connect();
    expect(names(connections.calls)).toEqual(['renew c', 'wait 2 1000']);
    await answer(connections, RENEWED, COUNT);
    expect([a.outcome, c.outcome]).toEqual([lost, 'confirmed']);
  });

  it('disconnects from a server that refuses', async () => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = connections.take();
    write?.refuse("READONLY You can't write against a read only replica.");
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toMatchObject({ code: 'STORE_READONLY' });
    expect(connections.closed).toBe(1);
    ask('b');
    await settled();
    expect(connections.opened).toHaveLength(2);
  });

  it.each([
    ['MOVED 7 127.0.0.1:7001', undefined],
    ['ASK 7 127.0.0.1:7001', undefined],
    [undefined, 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'],
    [undefined, 'ERR WAIT cannot be used with replica instances. Please also note that ...'],
  ])('takes a lease for unconfirmed that another server must be asked about: %p, %p', async (refusal, interruption) => {
    const { connections, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = connections.take();
    if (refusal) write?.refuse(refusal);
    else write?.answer(RENEWED);
    if (interruption) wait?.refuse(interruption);
    else wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toEqual(unavailable(/^renew of "k" failed: (MOVED|ASK|UNBLOCKED|ERR WAIT) /));
    expect(connections.closed).toBe(1);
  });

  it('does not retry at once after a failed connection', async () => {
    const { connections, ask } = bench(COUNT);
    const a = ask('a');
    await settled();
    connections.lose();
    const b = ask('b');
    await settled();
    const refused = unavailable(/could not be had$/);
    expect([a.outcome, b.outcome]).toEqual([refused, refused]);
    expect(connections.opened).toHaveLength(1);
  });

  it('fails for too few replicas before the timeout, and receives the reply later', async () => {
    fakeTimers();
    const { connections, confirmer, ask } = await connected();
    const a = ask('a');
    await settled();
    const b = ask('b');
    jest.advanceTimersByTime(1.1 * TIMEOUT - 1);
    expect(a.outcome).toBeUndefined();
    jest.advanceTimersByTime(1);
    const few = unavailable(/^renew of "k" failed: fewer than 2 replicas had it after 1000 ms$/);
    expect([a.outcome, b.outcome, confirmer.isDoubtful, connections.closed]).toEqual([few, few, true, 0]);
    const c = ask('c', { write: false });
    await settled();
    await answer(connections, RENEWED, COUNT);
    expect([c.outcome, confirmer.isDoubtful]).toEqual([undefined, false]);
    await answer(connections, RENEWED, COUNT);
    expect([c.outcome, jest.getTimerCount()]).toEqual(['confirmed', 0]);
  });

  it('reads replies that arrived while the event loop was blocked before it fails', async () => {
    const { connections, ask } = await connected(COUNT, 50);
    const a = ask('a');
    await settled();
    const [renewal, wait] = connections.take();
    const blockedUntil = performance.now() + 200;
    while (performance.now() < blockedUntil);
    // It arrives after the timers that are due, as from a socket.
    setImmediate(() => {
      renewal?.answer(RENEWED);
      wait?.answer(COUNT);
    });
    await settled();
    expect(a.outcome).toBe('confirmed');
  });

  it('reports 0 replicas if one was enough', async () => {
    fakeTimers();
    const { connections, ask } = await connected(1);
    const a = ask('a');
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    expect(a.outcome).toEqual(unavailable(/: 0 of 1 replicas had it after 1000 ms$/));
    expect(connections.closed).toBe(0);
  });

  it('drops a hung connection', async () => {
    fakeTimers();
    const { connections, confirmer, ask } = await connected();
    const a = ask('a');
    await settled();
    a.leave();
    expect([confirmer.isDoubtful, connections.closed]).toEqual([true, 0]);
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    const b = ask('b', { write: false });
    await settled();
    jest.advanceTimersByTime(500);
    expect([confirmer.isDoubtful, connections.closed]).toEqual([true, 1]);
    expect(b.outcome).toEqual(unavailable(/was lost/));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('drops a hung connection before a short term ends, but not before Redis may be late', async () => {
    fakeTimers();
    const { connections, ask } = await connected(1, 50);
    ask('a');
    await settled();
    jest.advanceTimersByTime(50 + 25 + 100 - 1);
    expect(connections.closed).toBe(0);
    jest.advanceTimersByTime(1);
    expect([connections.closed, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it('fails without a connection before the timeout, and uses one that opens later', async () => {
    fakeTimers();
    const { connections, confirmer, ask } = bench(COUNT);
    const a = ask('a');
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT - 1);
    expect([a.outcome, confirmer.isDoubtful]).toEqual([undefined, false]);
    jest.advanceTimersByTime(1);
    expect([a.outcome, confirmer.isDoubtful]).toEqual([unavailable(/could not be had$/), true]);
    const b = ask('b', { write: false });
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    expect(b.outcome).toEqual(unavailable(/could not be had$/));
    expect([connections.opened.length, connections.closed]).toEqual([1, 0]);
    const c = ask('c', { write: false });
    await settled();
    connections.connect();
    await answer(connections, undefined, COUNT);
    expect([c.outcome, confirmer.isDoubtful, jest.getTimerCount()]).toEqual(['confirmed', false, 0]);
  });

  it('gives up a connection that never opens', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'], now: 0 });
    const { connections, ask } = bench(COUNT);
    ask('a');
    await settled();
    jest.advanceTimersByTime(4 * TIMEOUT);
    expect([connections.closed, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it.each<[string, (connections: FakeConnections) => unknown]>([
    [
      'its WAIT is refused',
      (connections) => connections.take()[1]?.refuse("NOPERM User app has no permissions to run the 'wait' command"),
    ],
    [
      'its write is refused',
      (connections) => {
        const [write, wait] = connections.take();
        write?.refuse('OOM command not allowed when used memory > maxmemory');
        wait?.answer(COUNT);
      },
    ],
    ['its connection is lost', (connections) => connections.lose()],
  ])('is in doubt once %s, until something is confirmed', async (_, fail) => {
    const { connections, confirmer, ask } = await connected();
    expect(confirmer.isDoubtful).toBe(false);
    const a = ask('a');
    await settled();
    const writes = [...connections.calls];
    fail(connections);
    for (const { answer } of writes) answer(RENEWED);
    await settled();
    expect([a.outcome === 'confirmed', confirmer.isDoubtful]).toEqual([false, true]);
    const b = ask('b', { write: false });
    await settled();
    connections.connect();
    await answer(connections, undefined, COUNT);
    expect([b.outcome, confirmer.isDoubtful]).toEqual(['confirmed', false]);
  });

  it('uses a new connection once the client has reconnected, after the present round', async () => {
    const { connections, confirmer, ask } = await connected();
    const a = ask('a');
    await settled();
    confirmer.refresh();
    expect(connections.closed).toBe(0);
    await answer(connections, RENEWED, COUNT);
    expect([a.outcome, connections.closed]).toEqual(['confirmed', 1]);
    ask('b');
    await settled();
    expect(connections.opened).toHaveLength(2);
    connections.connect();
    await answer(connections, RENEWED, COUNT);
    confirmer.refresh();
    expect(connections.closed).toBe(2);
  });

  it('keeps nothing after it is closed', async () => {
    fakeTimers();
    const { connections, confirmer, ask } = await connected();
    ask('a');
    await settled();
    confirmer.close();
    expect([connections.closed, jest.getTimerCount()]).toEqual([1, 0]);
    expect(connections.opened.every(({ closed }) => closed)).toBe(true);
  });
});
