import { describe, expect, it } from '@jest/globals';
import { pictureOf } from '../../demo/picture.js';
import { svg } from '../../demo/svg.js';
import { STORY } from './forge.js';

const CAPTION = { title: 'Two <processes> & one leader', subtitle: 'below', result: 'overlaps seen: 0', ok: true };
const draw = (caption = CAPTION) => svg(pictureOf(['alma', 'bert'], STORY, 8_000, 1_000), caption);
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe('svg', () => {
  it('is one well-formed document of its own, without script, style or anything to fetch', () => {
    const text = draw();
    const open: string[] = [];
    for (const [, close, name = '', self] of text.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!self) open.push(name);
    }
    expect(open).toEqual([]);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 900 \d+"/);
    expect(text.slice(5)).not.toMatch(/<script|<style|<image|href|url\((?!#)|NaN|undefined/);
  });

  it('shows terms with their tokens, incidents, hand-overs with their ms, and the result', () => {
    const text = draw();
    for (const shown of ['>1001<', '>1002<', '>1003<', '>close()<', '>kill -9<', '>199 ms<', '>899 ms<']) {
      expect(text).toContain(shown);
    }
    expect(count(text, /marker-end/g)).toBe(2);
    expect(text).toContain('>overlaps seen: 0<');
    expect(text).toContain(
      '<desc>overlaps seen: 0. close(): alma to bert in 199 ms; kill -9: bert to alma in 899 ms.</desc>',
    );
  });

  it('escapes what it is given', () => {
    expect(draw()).toContain('>Two &lt;processes&gt; &amp; one leader<');
  });

  it('shows a bad result in another colour than a good one', () => {
    const color = (ok: boolean) => /fill="(#\w+)"[^>]*>overlaps seen/.exec(draw({ ...CAPTION, ok }))?.[1];
    expect(color(true)).not.toBe(color(false));
  });
});
