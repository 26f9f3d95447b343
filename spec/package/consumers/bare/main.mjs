import { createRequire } from 'node:module';
import * as esm from 'rx-leader';
import * as esmStore from 'rx-leader/store';
import * as esmTesting from 'rx-leader/testing';
import { filter, firstValueFrom } from 'rxjs';

const require = createRequire(import.meta.url);
const copies = [
  { ...esm, ...esmStore, ...esmTesting },
  { ...require('rx-leader'), ...require('rx-leader/store'), ...require('rx-leader/testing') },
];
const roles = [];
for (const { elect, MemoryLeaseStore } of copies) {
  const election = elect({ store: new MemoryLeaseStore(), key: 'bare' });
  election.subscribe(() => {});
  roles.push((await firstValueFrom(election.pipe(filter(({ role }) => role === 'leader')))).role);
  await election.close();
}
console.log(JSON.stringify({ roles }));
