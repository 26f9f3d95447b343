/** A section of the reading order, as VitePress takes it for its sidebar. */
export interface Section {
  readonly text: string;
  readonly items: ReadonlyArray<{ readonly text: string; readonly link: string }>;
}

/** The sections of `docs/index.md` and the pages that each one lists, in order. */
export function readingOrder(index: string): Section[] {
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split('\n', 1).join(),
      items: [...section.matchAll(/^(?:\d+\.|-) \[(.*?)\]\((.*?)\.md\)/gm)].map(([, text = '', page = '']) => ({
        text: text.replaceAll('`', ''),
        link: `/${page}`,
      })),
    }));
}
