import { describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import type { LeaseStore, RequestOf } from 'rx-leader/store';
import { leaseStoreSuite } from 'rx-leader/testing';
import { firstValueFrom, from } from 'rxjs';
import { codeIn, page } from '../support/pages.js';

interface Versioned {
  readonly value?: string;
  readonly version: number;
}

/** A storage with compare-and-set in memory, whose clock a spec can set. */
class MapStorage {
  readonly entries = new Map<string, Versioned>();
  writes = 0;
  isDown = false;
  #skipped = 0;

  async get(key: string): Promise<Versioned & { micros: number }> {
    await this.#roundTrip();
    return { ...(this.entries.get(key) ?? { version: 0 }), micros: (Date.now() + this.#skipped) * 1000 };
  }

  async replace(key: string, value: string, version: number): Promise<boolean> {
    await this.#roundTrip();
    if ((this.entries.get(key)?.version ?? 0) !== version) return false;
    this.entries.set(key, { value, version: version + 1 });
    this.writes++;
    return true;
  }

  skip(ms: number): void {
    this.#skipped += ms;
  }

  edit(key: string, change: (entry: Record<string, unknown>) => object): void {
    const { value = '{}', version } = this.entries.get(key) ?? { version: 0 };
    const changed = JSON.stringify(change(JSON.parse(value)));
    // JSON writes Infinity as null, and reads what is too large as Infinity.
    this.entries.set(key, { value: changed.replace('"expiresAt":null', '"expiresAt":1e999'), version: version + 1 });
  }

  now = (): number => Date.now() + this.#skipped;

  async #roundTrip(): Promise<void> {
    await new Promise(setImmediate);
    if (this.isDown) throw new Error('connect ECONNREFUSED');
  }
}

/** The class of the page, compiled as it stands there. */
function documentedStore(): new (storage: object) => Required<Pick<LeaseStore, 'acquire' | 'list'>> & LeaseStore {
  const [source] = codeIn(page('docs/reference/store-port.md').text, 'ts').filter((code) => code.includes('rules.'));
  const { code } = transformSync(source ?? '', {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const module = { exports: {} as { VersionedStore: ReturnType<typeof documentedStore> } };
  new Function('require', 'exports', code)(require, module.exports);
  return module.exports.VersionedStore;
}

const VersionedStore = documentedStore();

const acquire = (id: string): RequestOf<'acquire'> => ({
  verb: 'acquire',
  key: 'k',
  timeout: 1_000,
  id,
  ttl: 60_000,
  name: id,
  lastToken: 0,
  coldStart: 'elect',
});

const ask = async (store: LeaseStore, id: string) => firstValueFrom(from(store.acquire(acquire(id))));

describe('the store on the page of the store port', () => {
  leaseStoreSuite({
    test: it,
    open: async () => {
      const storage = new MapStorage();
      return {
        store: new VersionedStore(storage),
        elapse: async (ms) => storage.skip(ms),
        put: async (key, id, ttl) => {
          const expiresAt = ttl === undefined ? Number.POSITIVE_INFINITY : storage.now() + ttl;
          storage.edit(key, (entry) => ({ ...entry, lease: { id, expiresAt } }));
        },
        loseLease: async (key) => storage.edit(key, ({ lease: _, ...entry }) => entry),
        flush: async () => storage.entries.clear(),
      };
    },
  });

  it('grants one of two requests that were decided on the same version, and lists the other', async () => {
    const storage = new MapStorage();
    const store = new VersionedStore(storage);
    const replies = await Promise.all([ask(store, 'one'), ask(store, 'two')]);
    expect(replies.map(({ status }) => status)).toEqual(['granted', 'held']);
    const listed = await firstValueFrom(from(store.list({ verb: 'list', key: 'k', timeout: 1_000, ttl: 60_000 })));
    expect(listed.candidates.map(({ id }) => id)).toEqual(['two']);
  });

  it('stores nothing for a read, nor after it is unsubscribed', async () => {
    const storage = new MapStorage();
    const store = new VersionedStore(storage);
    await ask(store, 'one');
    expect(storage.writes).toBe(1);
    await firstValueFrom(from(store.read({ verb: 'read', key: 'k', timeout: 1_000 })));
    from(store.acquire(acquire('two')))
      .subscribe()
      .unsubscribe();
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(storage.writes).toBe(1);
  });

  it('fails with STORE_UNAVAILABLE while the storage is down', async () => {
    const storage = new MapStorage();
    storage.isDown = true;
    await expect(ask(new VersionedStore(storage), 'one')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { message: 'connect ECONNREFUSED' },
    });
  });
});
