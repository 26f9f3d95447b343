import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Observable, type Subscriber } from 'rxjs';
import type { ElectionError } from '../../lib/port/errors.js';
import type { RenewRequest } from '../../lib/port/lease-store.js';
import type { CommandConnection } from '../../lib/redis/client-adapter.js';
import { ReplicaConfirmer } from '../../lib/redis/replica-confirmer.js';
import { scripts } from '../../lib/redis/scripts.js';

const COUNT = 2;
const TIMEOUT = 1_000;
/** As the script answers. */
const RENEWED = ['renewed', '1000000', '7', '2000'];
const LOST = ['lost', '1000000', '8', '2000', '', '0', '', '', ''];

const witnesses: ReplicaConfirmer[] = [];

afterEach(() => {
  for (const witness of witnesses.splice(0)) witness.close();
  jest.useRealTimers();
});

const fakeTimers = () =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });

interface Call {
  readonly name: string;
  answer(reply: unknown): void;
  refuse(message: string): void;
}

/** Wires that write down what they are asked, and answer when they are told to. */
class Wires {
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

  /** The one that was asked for last can be used from now on. */
  connect(): void {
    const wire: CommandConnection = {
      evalSha: (sha, { arguments: [id] }) => this.#call(sha === scripts.renew.sha ? `renew ${id}` : sha),
      eval: (source, { arguments: [id] }) =>
        this.#call(source === scripts.renew.source ? `renew by text ${id}` : source),
      wait: (count, timeout) => this.#call(`wait ${count} ${timeout}`),
    };
    this.opened.at(-1)?.next(wire);
  }

  lose(): void {
    this.opened.at(-1)?.complete();
  }

  /** What has been asked since this was asked last. */
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
  const wires = new Wires();
  const witness = new ReplicaConfirmer(wires.open, { count, timeout }, '');
  witnesses.push(witness);
  /** What has come of it: nothing yet, `confirmed`, or an error. */
  const ask = (id: string, { write = true } = {}) => {
    const asked: { outcome?: 'confirmed' | ElectionError; leave(): void } = { leave: () => subscription.unsubscribe() };
    const subscription = witness.confirm(request(id), write ? request(id) : undefined).subscribe({
      error: (error) => {
        asked.outcome = error;
      },
      complete: () => {
        asked.outcome = 'confirmed';
      },
    });
    return asked;
  };
  return { wires, witness, ask };
}

/** Until all that is due by itself has happened. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
}

/** A bench with a connection, and nothing asked. */
async function connected(count = COUNT, timeout = TIMEOUT) {
  const made = bench(count, timeout);
  const { wires, ask } = made;
  const first = ask('first');
  await settled();
  wires.connect();
  await answer(wires, RENEWED, count);
  expect(first.outcome).toBe('confirmed');
  return made;
}

/** Answers a round: its writes, and how many replicas have them. */
async function answer(wires: Wires, reply: unknown, count: number): Promise<void> {
  for (const { name, answer } of wires.take()) answer(name.startsWith('wait') ? count : reply);
  await settled();
}

const names = (calls: readonly Call[]) => calls.map(({ name }) => name);
const unavailable = (reason: RegExp) =>
  expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(reason) });

describe('a witness', () => {
  it('opens no connection before it is asked, and one for all', async () => {
    const { wires, ask } = bench(COUNT);
    await settled();
    expect(wires.opened).toHaveLength(0);
    ask('a');
    ask('b');
    await settled();
    expect(wires.opened).toHaveLength(1);
    wires.connect();
    expect(names(wires.take())).toEqual(['renew a', 'renew b', 'wait 2 1000']);
  });

  it('writes for all who ask in one turn, with one WAIT behind; who comes meanwhile is in the next round', async () => {
    const { wires, ask } = await connected();
    const [a, b] = [ask('a'), ask('b')];
    await settled();
    const round = wires.take();
    expect(names(round)).toEqual(['renew a', 'renew b', 'wait 2 1000']);
    const c = ask('c');
    await settled();
    expect(wires.take()).toEqual([]);
    for (const { name, answer } of round) answer(name.startsWith('wait') ? COUNT : RENEWED);
    await settled();
    expect([a.outcome, b.outcome, c.outcome]).toEqual(['confirmed', 'confirmed', undefined]);
    expect(names(wires.calls)).toEqual(['renew c', 'wait 2 1000']);
    await answer(wires, RENEWED, COUNT + 1);
    expect(c.outcome).toBe('confirmed');
  });

  it('confirms nothing before both are answered', async () => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = wires.take();
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toBeUndefined();
    write?.answer(RENEWED);
    await settled();
    expect(a.outcome).toBe('confirmed');
  });

  it('confirms nothing where there are too few, neither for who waits for the next round', async () => {
    const { wires, witness, ask } = await connected();
    const a = ask('a');
    await settled();
    const b = ask('b');
    await answer(wires, RENEWED, COUNT - 1);
    const few = unavailable(/^renew of "k" failed: 1 of 2 replicas had it after 1000 ms$/);
    expect([a.outcome, b.outcome]).toEqual([few, few]);
    expect(witness.isDoubtful).toBe(true);
    expect(wires.calls).toEqual([]);
  });

  it('asks without a write whether they have by now what was written last', async () => {
    const { wires, witness, ask } = await connected();
    ask('a');
    await settled();
    await answer(wires, RENEWED, 0);
    const again = ask('a', { write: false });
    await settled();
    // A connection that has written nothing yet would be told of any replica that is there.
    expect(names(wires.calls)).toEqual([expect.stringContaining('HSET'), 'wait 2 1000']);
    await answer(wires, undefined, COUNT);
    expect([again.outcome, witness.isDoubtful]).toEqual(['confirmed', false]);
  });

  it('confirms no lease that is not found in place, and the others all the same; and asks by another connection', async () => {
    const { wires, witness, ask } = await connected();
    const [a, b] = [ask('a'), ask('b')];
    await settled();
    for (const { name, answer } of wires.take())
      answer(name.startsWith('wait') ? COUNT : name === 'renew a' ? LOST : RENEWED);
    await settled();
    expect([a.outcome, b.outcome]).toEqual([
      unavailable(/: the connection that waits for replicas found it lost$/),
      'confirmed',
    ]);
    expect([witness.isDoubtful, wires.closed]).toEqual([true, 1]);
  });

  it('takes no nonsense for an answer', async () => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    await answer(wires, 'OK', COUNT);
    expect(a.outcome).toMatchObject({ code: 'STORE_REPLY' });
    const b = ask('b');
    await settled();
    wires.connect();
    await answer(wires, RENEWED, Number.NaN);
    expect(b.outcome).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('sends the script whole to a server that does not know it, with a WAIT of its own', async () => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = wires.take();
    write?.refuse('NOSCRIPT No matching script. Please use EVAL.');
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toBeUndefined();
    expect(names(wires.calls)).toEqual(['renew by text a', 'wait 2 1000']);
    await answer(wires, RENEWED, COUNT);
    expect(a.outcome).toBe('confirmed');
  });

  it('confirms nothing by a connection that was lost, whatever it answers afterwards or another does', async () => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    const round = wires.take();
    const b = ask('b');
    wires.lose();
    const lost = unavailable(/the connection that waits for replicas was lost/);
    expect([a.outcome, b.outcome]).toEqual([lost, lost]);
    for (const { name, answer } of round) answer(name.startsWith('wait') ? COUNT : RENEWED);
    const c = ask('c');
    await settled();
    expect(wires.opened).toHaveLength(2);
    wires.connect();
    expect(names(wires.calls)).toEqual(['renew c', 'wait 2 1000']);
    await answer(wires, RENEWED, COUNT);
    expect([a.outcome, c.outcome]).toEqual([lost, 'confirmed']);
  });

  it('leaves a server that refuses', async () => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = wires.take();
    write?.refuse("READONLY You can't write against a read only replica.");
    wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toMatchObject({ code: 'STORE_READONLY' });
    expect(wires.closed).toBe(1);
    ask('b');
    await settled();
    expect(wires.opened).toHaveLength(2);
  });

  it.each([
    ['MOVED 7 127.0.0.1:7001', undefined],
    ['ASK 7 127.0.0.1:7001', undefined],
    [undefined, 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'],
    [undefined, 'ERR WAIT cannot be used with replica instances. Please also note that ...'],
  ])('takes a lease for unconfirmed that another server must be asked about: %p, %p', async (refusal, interruption) => {
    const { wires, ask } = await connected();
    const a = ask('a');
    await settled();
    const [write, wait] = wires.take();
    if (refusal) write?.refuse(refusal);
    else write?.answer(RENEWED);
    if (interruption) wait?.refuse(interruption);
    else wait?.answer(COUNT);
    await settled();
    expect(a.outcome).toEqual(unavailable(/^renew of "k" failed: (MOVED|ASK|UNBLOCKED|ERR WAIT) /));
    expect(wires.closed).toBe(1);
  });

  it('does not try at once again to open what could not be opened', async () => {
    const { wires, ask } = bench(COUNT);
    const a = ask('a');
    await settled();
    wires.lose();
    const b = ask('b');
    await settled();
    const refused = unavailable(/could not be had$/);
    expect([a.outcome, b.outcome]).toEqual([refused, refused]);
    expect(wires.opened).toHaveLength(1);
  });

  it('says that there are too few before the time of a request is up, and hears of them later', async () => {
    fakeTimers();
    const { wires, witness, ask } = await connected();
    const a = ask('a');
    await settled();
    const b = ask('b');
    jest.advanceTimersByTime(1.1 * TIMEOUT - 1);
    expect(a.outcome).toBeUndefined();
    jest.advanceTimersByTime(1);
    const few = unavailable(/^renew of "k" failed: fewer than 2 replicas had it after 1000 ms$/);
    expect([a.outcome, b.outcome, witness.isDoubtful, wires.closed]).toEqual([few, few, true, 0]);
    const c = ask('c', { write: false });
    await settled();
    await answer(wires, RENEWED, COUNT);
    expect([c.outcome, witness.isDoubtful]).toEqual([undefined, false]);
    await answer(wires, RENEWED, COUNT);
    expect([c.outcome, jest.getTimerCount()]).toEqual(['confirmed', 0]);
  });

  it('hears what has come while the event loop was blocked before it says so', async () => {
    const { wires, ask } = await connected(COUNT, 50);
    const a = ask('a');
    await settled();
    const [renewal, wait] = wires.take();
    const blockedUntil = performance.now() + 200;
    while (performance.now() < blockedUntil);
    // Heard after the timers that are due, as from a socket.
    setImmediate(() => {
      renewal?.answer(RENEWED);
      wait?.answer(COUNT);
    });
    await settled();
    expect(a.outcome).toBe('confirmed');
  });

  it('knows that none had it where one was enough', async () => {
    fakeTimers();
    const { wires, ask } = await connected(1);
    const a = ask('a');
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    expect(a.outcome).toEqual(unavailable(/: 0 of 1 replicas had it after 1000 ms$/));
    expect(wires.closed).toBe(0);
  });

  it('gives a connection up that hangs', async () => {
    fakeTimers();
    const { wires, witness, ask } = await connected();
    const a = ask('a');
    await settled();
    a.leave();
    expect([witness.isDoubtful, wires.closed]).toEqual([true, 0]);
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    const b = ask('b', { write: false });
    await settled();
    jest.advanceTimersByTime(500);
    expect([witness.isDoubtful, wires.closed]).toEqual([true, 1]);
    expect(b.outcome).toEqual(unavailable(/was lost/));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives up one that hangs so soon that a short term outlives it, but not before Redis may be late', async () => {
    fakeTimers();
    const { wires, ask } = await connected(1, 50);
    ask('a');
    await settled();
    jest.advanceTimersByTime(50 + 25 + 100 - 1);
    expect(wires.closed).toBe(0);
    jest.advanceTimersByTime(1);
    expect([wires.closed, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it('tells who asks that there is no connection before the time of a request is up, and uses one that comes later', async () => {
    fakeTimers();
    const { wires, witness, ask } = bench(COUNT);
    const a = ask('a');
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT - 1);
    expect([a.outcome, witness.isDoubtful]).toEqual([undefined, false]);
    jest.advanceTimersByTime(1);
    expect([a.outcome, witness.isDoubtful]).toEqual([unavailable(/could not be had$/), true]);
    const b = ask('b', { write: false });
    await settled();
    jest.advanceTimersByTime(1.1 * TIMEOUT);
    expect(b.outcome).toEqual(unavailable(/could not be had$/));
    expect([wires.opened.length, wires.closed]).toEqual([1, 0]);
    const c = ask('c', { write: false });
    await settled();
    wires.connect();
    await answer(wires, undefined, COUNT);
    expect([c.outcome, witness.isDoubtful, jest.getTimerCount()]).toEqual(['confirmed', false, 0]);
  });

  it('gives up one that does not come at all', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'], now: 0 });
    const { wires, ask } = bench(COUNT);
    ask('a');
    await settled();
    jest.advanceTimersByTime(4 * TIMEOUT);
    expect([wires.closed, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it.each<[string, (wires: Wires) => unknown]>([
    [
      'its WAIT is refused',
      (wires) => wires.take()[1]?.refuse("NOPERM User app has no permissions to run the 'wait' command"),
    ],
    [
      'its write is refused',
      (wires) => {
        const [write, wait] = wires.take();
        write?.refuse('OOM command not allowed when used memory > maxmemory');
        wait?.answer(COUNT);
      },
    ],
    ['its connection is lost', (wires) => wires.lose()],
  ])('doubts whether anything would be confirmed once %s, until something is', async (_, fail) => {
    const { wires, witness, ask } = await connected();
    expect(witness.isDoubtful).toBe(false);
    const a = ask('a');
    await settled();
    const writes = [...wires.calls];
    fail(wires);
    for (const { answer } of writes) answer(RENEWED);
    await settled();
    expect([a.outcome === 'confirmed', witness.isDoubtful]).toEqual([false, true]);
    const b = ask('b', { write: false });
    await settled();
    wires.connect();
    await answer(wires, undefined, COUNT);
    expect([b.outcome, witness.isDoubtful]).toEqual(['confirmed', false]);
  });

  it('goes on by another connection once the client has one, after what is under way', async () => {
    const { wires, witness, ask } = await connected();
    const a = ask('a');
    await settled();
    witness.refresh();
    expect(wires.closed).toBe(0);
    await answer(wires, RENEWED, COUNT);
    expect([a.outcome, wires.closed]).toEqual(['confirmed', 1]);
    ask('b');
    await settled();
    expect(wires.opened).toHaveLength(2);
    wires.connect();
    await answer(wires, RENEWED, COUNT);
    witness.refresh();
    expect(wires.closed).toBe(2);
  });

  it('keeps nothing once it is closed', async () => {
    fakeTimers();
    const { wires, witness, ask } = await connected();
    ask('a');
    await settled();
    witness.close();
    expect([wires.closed, jest.getTimerCount()]).toEqual([1, 0]);
    expect(wires.opened.every(({ closed }) => closed)).toBe(true);
  });
});
