import { describe, expect, it } from '@jest/globals';
import { databaseOf, entrantOf, FIELD } from '../../bench/field.js';
import { PLANS } from '../../bench/plan.js';

describe('the plans of the benchmark', () => {
  it('name nobody who is not in the field', () => {
    const ids = Object.values(PLANS).flatMap(({ scale }) => scale.flatMap(({ lasting }) => Object.keys(lasting)));
    expect(ids.map((id) => entrantOf(id).id)).toEqual(ids);
  });

  it('have a database of Redis for everybody', () => {
    const databases = FIELD.map(({ id }) => databaseOf(id));
    expect(new Set(databases).size).toBe(FIELD.length);
    expect(Math.min(...databases)).toBeGreaterThan(0);
    expect(Math.max(...databases)).toBeLessThan(16);
  });
});
