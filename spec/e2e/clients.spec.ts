import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { conforms } from '../clients/conforms.js';
import { KINDS } from '../clients/kinds.js';

/**
 * Two of the clients that `npm run clients` tests, the most different from the client of all other
 * specs.
 */
describe.each(['ioredis 6 Redis', 'ioredis 6 Cluster'])('an election by %s', (client) => {
  conforms(
    KINDS.filter((kind) => kind.client === client),
    { brief: true },
  );
});

describe('docs/deployments/clients.md', () => {
  it('has every client and topology in its table', async () => {
    const page = await readFile('docs/deployments/clients.md', 'utf8');
    const missing = KINDS.filter(({ topology, client }) => !page.includes(`| ${topology} | ${client} |`));
    expect(missing).toEqual([]);
  });
});
