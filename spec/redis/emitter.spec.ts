import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { from } from 'rxjs';
import { readiness } from '../../lib/redis/emitter.js';
import { redisStore } from '../../lib/redis/store.js';
import { acquireRequest } from './ask.js';

const REASON = new Error('nobody waits for it any more');

describe('whoever waits for a client to be ready', () => {
  it('puts one listener of each kind on it, however many there are, and the last to give up takes them away', async () => {
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

  it('does not begin where that has been given up before', async () => {
    const client = new EventEmitter();
    await expect(readiness(client)(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(client.eventNames()).toEqual([]);
  });

  it('never asks where it gives up as the client tells of an end that is none', async () => {
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
