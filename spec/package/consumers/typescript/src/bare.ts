// The library's types need only RxJS and the standard library. They need no types of Node or of a
// Redis client.
import { type Election, type ElectionOptions, elect, observe, type Transition } from 'rx-leader';
import { leaseStoreSuite, MemoryLeaseStore } from 'rx-leader/testing';
import type { Observable } from 'rxjs';

const options: ElectionOptions = { store: new MemoryLeaseStore(), key: 'bare', ttl: 2_000 };
export const election: Election = elect(options);
export const transitions: Observable<Transition> = election;
export const holders = observe({ store: new MemoryLeaseStore(), key: 'bare' });
export const suite: typeof leaseStoreSuite = leaseStoreSuite;
