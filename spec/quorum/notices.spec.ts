import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import type { LeaseStore, Notice } from '../../lib/port/lease-store.js';
import { notices } from '../../lib/quorum/notices.js';

function three() {
  const stores = [new Subject<Notice>(), new Subject<Notice>(), new Subject<Notice>()] as const;
  const told: Notice[] = [];
  const asStores = stores.map((store) => ({ notices: () => store }) as unknown as LeaseStore);
  const subscription = notices(asStores, 'k').subscribe((notice) => told.push(notice));
  return { stores, told, subscription };
}

const listening: Notice = { kind: 'listening' };
const deaf: Notice = { kind: 'deaf' };
const released = (id: string, successor?: string): Notice => ({
  kind: 'released',
  id,
  ...(successor && { successor }),
});
const elected = (id: string, token: number): Notice => ({ kind: 'elected', holder: { id, token, expiresIn: 9 } });

describe('the notices of a quorum', () => {
  it('listen while a majority listens', () => {
    const { stores, told } = three();
    stores[0].next(listening);
    stores[0].next(listening);
    expect(told).toEqual([]);
    stores[1].next(listening);
    stores[2].next(listening);
    expect(told).toEqual([listening]);
    stores[0].next(deaf);
    expect(told).toEqual([listening]);
    stores[1].error(new Error('gone'));
    expect(told).toEqual([listening, deaf]);
    stores[0].next(listening);
    expect(told).toEqual([listening, deaf, listening]);
  });

  it('ignore invalid notices', () => {
    const { stores, told } = three();
    for (const store of stores) store.next({ kind: 'elected' } as Notice);
    for (const store of stores) store.next(listening);
    expect(told).toEqual([listening]);
  });

  it('report an election once, when a majority does, by the candidate’s own id', () => {
    const { stores, told } = three();
    stores[0].next(elected('a~1', 1));
    stores[2].next(elected('b', 5));
    expect(told).toEqual([]);
    stores[1].next(elected('a~1', 2));
    stores[2].next(elected('a~1', 3));
    expect(told).toEqual([elected('a', 2)]);
  });

  it('report no election of a candidate whose grants were given back before a majority granted', () => {
    const { stores, told } = three();
    stores[0].next(elected('a', 1));
    stores[0].next(released('a'));
    stores[1].next(elected('a', 2));
    expect(told).toEqual([]);
    stores[2].next(elected('a', 3));
    expect(told).toEqual([elected('a', 3)]);
  });

  it('report a release when a majority does, and from then on, with the successor that most stores name', () => {
    const { stores, told } = three();
    stores[0].next(released('a', 'y'));
    stores[0].next(released('b'));
    expect(told).toEqual([]);
    stores[1].next(released('a', 'x'));
    stores[2].next(released('a', 'y~2'));
    expect(told).toEqual([released('a', 'x'), released('a', 'y')]);
  });

  it('report a release after a forged one', () => {
    const { stores, told } = three();
    for (const store of stores) store.next(released('a'));
    const forged = told.splice(0).length;
    expect(forged).toBe(2);
    for (const store of stores) store.next(released('a'));
    expect(told.length).toBeGreaterThanOrEqual(1);
  });

  it('report that a store can be reached again', () => {
    const { stores, told } = three();
    stores[1].next({ kind: 'connected' });
    expect(told).toEqual([{ kind: 'connected' }]);
  });

  it('unsubscribe from all stores when nobody is subscribed (G6)', () => {
    const { stores, subscription } = three();
    subscription.unsubscribe();
    expect(stores.map(({ observed }) => observed)).toEqual([false, false, false]);
  });
});
