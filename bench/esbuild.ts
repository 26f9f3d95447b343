import { createRequire } from 'node:module';

interface Esbuild {
  buildSync(options: object): { readonly outputFiles?: ReadonlyArray<{ readonly contents: Uint8Array }> };
}

/** esbuild comes with tsx. */
export function esbuild(): Esbuild {
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve('tsx'))('esbuild') as Esbuild;
}
