import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** Where `npm run docs` puts the site. */
export const SITE = path.join(__dirname, '../../docs/.vitepress/dist');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
};

export interface SiteServer extends AsyncDisposable {
  readonly origin: string;
}

/** Serves the built site on a free port of loopback. */
export async function serveSite(): Promise<SiteServer> {
  if (!existsSync(SITE)) throw new Error('The site is not built. Run `npm run docs`.');
  const server = createServer(({ url = '/' }, response) => {
    const file = path.join(SITE, path.posix.normalize(decodeURIComponent(url.replace(/[?#].*/, ''))));
    const found = [file, path.join(file, 'index.html')].find((each) => existsSync(each) && statSync(each).isFile());
    if (found === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[path.extname(found)] ?? 'application/octet-stream' });
    response.end(readFileSync(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
