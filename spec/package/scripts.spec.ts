import { expect, it } from '@jest/globals';
// Here, as in the specs of the scripts that run beside this one, that is what was built of it.
import { scripts } from '../../lib/redis/scripts.js';

it.each(Object.entries(scripts))('%s is built without comments and indentation', (_, { source }) => {
  expect(source).toContain("redis.call('TIME')");
  expect(source).not.toMatch(/^\s*--|^[ \t]/m);
});
