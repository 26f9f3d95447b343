import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { startChromium } from './chromium.js';
import { type SiteServer, serveSite } from './server.js';

/** Pictures of the pages, for people to look at. */
const PICTURES = path.join(__dirname, '../../docs/.vitepress/screenshots');

const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1440, height: 900 } },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

/** The pages that are looked at, with the first heading of each. */
const PAGES = [
  ['home', '/', 'rx-leader'],
  ['guide', '/guide/getting-started.html', 'Getting started'],
  ['table', '/reliability/faults.html', 'Faults'],
  ['api', '/api/rx-leader/type-aliases/ElectionOptions.html', 'Type Alias: ElectionOptions'],
] as const;

let server: SiteServer;
let browser: Browser;
let context: BrowserContext;
/** Problems in the pages of `context`: errors, failed requests and requests to other machines. */
let complaints: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([serveSite(), startChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  complaints = [];
});

afterEach(async () => {
  await context.close();
});

async function open(view: string, url: string): Promise<Page> {
  context = await browser.newContext(VIEWS[view]);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.origin)) {
      complaints.push(`elsewhere: ${request.url()}`);
    }
  });
  await page.goto(server.origin + url, { waitUntil: 'networkidle' });
  return page;
}

const firstHeading = async (page: Page): Promise<string> =>
  (await page.locator('h1').first().innerText())
    .replace(/\u200b/g, '')
    .split('\n', 1)
    .join()
    .trim();

/** px by which a page is wider than its window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe.each(Object.keys(VIEWS))('the site, %s', (view) => {
  it.each(PAGES)(
    'shows the page without an error and within the width of the window: %s',
    async (name, url, heading) => {
      const page = await open(view, url);
      expect(await firstHeading(page)).toBe(heading);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      if (name === 'table') await page.evaluate(`document.querySelector('table').scrollIntoView()`);
      await page.screenshot({ path: path.join(PICTURES, `${name}-${view}.png`), fullPage: name === 'home' });
      expect(complaints).toEqual([]);
    },
  );
});

describe('the home page', () => {
  it('has the promise, the quick start, and a link to every section', async () => {
    const page = await open('desktop', '/');
    expect(await page.locator('.VPHero').innerText()).toContain('only one of them may run');
    expect(await page.locator('pre').allInnerTexts()).toEqual([
      expect.stringContaining('npm install rx-leader'),
      expect.stringContaining('whileLeader('),
    ]);
    expect(await page.evaluate(`document.querySelector('img[src*="demo"]').naturalWidth`)).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'Get started' }).click();
    await page.waitForURL('**/guide/getting-started.html');
    expect(await firstHeading(page)).toBe('Getting started');
    expect(complaints).toEqual([]);
  });
});

describe('the search', () => {
  it('finds a page by a word of its text, and opens it', async () => {
    const page = await open('desktop', '/');
    await page.keyboard.press('Control+k');
    await page.locator('.VPLocalSearchBox input').fill('terminationGracePeriodSeconds');
    const result = page.locator('.VPLocalSearchBox .result').filter({ hasText: 'Going to production' }).first();
    await result.waitFor();
    await page.screenshot({ path: path.join(PICTURES, 'search-desktop.png') });
    await result.click();
    await page.waitForURL('**/guide/production.html*');
    expect(complaints).toEqual([]);
  });

  it('finds an API by its name', async () => {
    const page = await open('phone', '/');
    await page.locator('.VPNavBarSearch button').first().click();
    await page.locator('.VPLocalSearchBox input').fill('MemoryLeaseStoreOptions');
    const result = page.locator('.VPLocalSearchBox .result').first();
    await result.waitFor();
    expect(await result.getAttribute('href')).toContain('/api/rx-leader/testing/');
    expect(complaints).toEqual([]);
  });
});
