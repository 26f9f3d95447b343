import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { from } from 'rxjs';
import { readiness } from '../../lib/redis/emitter.js';
import { redisStore } from '../../lib/redis/store.js';
import { acquireRequest } from './ask.js';

const REASON = new Error('nobody waits for it any more');

describe('readiness', () => {
  it('adds one listener of each kind for all waiting calls, and removes them with the last', async () => {
    const client = new EventEmitter();
    const ready = readiness(client);
    const waits = Array.from({ length: 20 }, () => {
      const controller = new AbortController();
      return { controller, outcome: ready(controller.signal).catch((error: Error) => error) };
    });
    expect([client.listenerCount('ready'), client.listenerCount('end')]).toEqual([1, 1]);
    for (const { controller } of waits.slice(1)) controller.abort(REASON);
    expect([client.listenerCount('ready'), client.listenerCount('end')]).toEqual([1, 1]);
    waits[0]?.controller.abort(REASON);
    expect(client.eventNames()).toEqual([]);
    expect(await Promise.all(waits.map(({ outcome }) => outcome))).toEqual(waits.map(() => REASON));
  });

  it('rejects at once if the call was given up before', async () => {
    const client = new EventEmitter();
    await expect(readiness(client)(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(client.eventNames()).toEqual([]);
  });

  it('makes no call that is given up when the client wrongly emits its end', async () => {
    const asked: string[] = [];
    const ask = async (script: string) => asked.push(script);
    const methods = { duplicate() {}, connect() {}, destroy() {}, unref() {}, subscribe() {}, unsubscribe() {} };
    const state = { options: {}, isOpen: true, isReady: false, eval: ask, evalSha: ask };
    const client = Object.assign(new EventEmitter(), methods, state);
    const store = redisStore(client as never);
    const gone = from(store.acquire(acquireRequest())).subscribe({ error: () => {} });
    client.emit('end');
    gone.unsubscribe();
    await new Promise(setImmediate);
    client.isReady = true;
    client.emit('ready');
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
  });
});
