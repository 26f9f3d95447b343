import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../../proof/chaos/arguments.js';
import { picture } from '../../../proof/chaos/picture.js';
import { judge } from '../../../proof/chaos/verdict.js';
import { evidenceOf, injected } from './forge.js';

const ARGS = parseArguments(['--candidates', '2'], () => 7);

const draw = (facts: Parameters<typeof evidenceOf>[0] = {}) => {
  const evidence = evidenceOf(facts);
  return picture(ARGS, evidence, judge(evidence));
};
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe('the picture of a chaos run', () => {
  it('is one well-formed document of its own, without script, style or anything to fetch', () => {
    const text = draw({
      faults: [injected({ kind: 'requests swallowed', row: 'c1', by: 'c1/1', from: 100, to: 900 })],
    });
    const open: string[] = [];
    for (const [, close, name = '', self] of text.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!self) open.push(name);
    }
    expect(open).toEqual([]);
    expect(text.slice(5)).not.toMatch(/<script|<style|<image|href|url\((?!#)|NaN|undefined|Infinity/);
  });

  it('has a lane for each candidate, whatever the processes in it, and the terms there', () => {
    const text = draw();
    expect([count(text, />c1</g), count(text, />c2</g)]).toEqual([1, 1]);
    expect(count(text, /fill="#3fb950"/g)).toBe(4 + 1); // and one in the legend
  });

  it('shows what happened, to whom and for how long, and leaves out what did not', () => {
    const faults = [
      injected({ kind: 'kill -9', row: 'c2', by: 'c2/2', from: 1_000, to: 2_500 }),
      injected({ kind: 'FLUSHALL', length: 'instant', from: 1_000, to: 1_001 }),
      injected({ kind: 'restart', skipped: 'x', from: 3_000, to: 3_100 }),
    ];
    const text = draw({ faults });
    expect(text).toContain('<title>kill -9, 1.50 s</title>');
    expect(text).toContain('<title>FLUSHALL, at once</title>');
    expect(text).not.toContain('<title>restart');
  });

  it('is a strip for each minute', () => {
    const height = (ended: number) => Number(/height="(\d+)"/.exec(draw({ ended }))?.[1]);
    expect(height(60_000)).toBe(height(10_000));
    const strip = height(120_000) - height(60_000);
    expect(strip).toBeGreaterThan(0);
    expect(height(300_000)).toBe(height(60_000) + 4 * strip);
  });

  it('says in another colour that something is wrong', () => {
    const color = (text: string) => /fill="(#\w+)"[^>]*>overlaps/.exec(text)?.[1];
    expect(color(draw())).not.toBe(color(draw({ complaints: ['x'] })));
  });
});
