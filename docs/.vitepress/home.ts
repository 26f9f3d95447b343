/**
 * The home page: the promise, the picture and the quick start of the README, then the reading
 * order.
 *
 * Only the site needs it: GitHub shows the README and `docs/index.md` separately.
 */
export function homePage(readme: string, index: string): string {
  const { name, summary, promise, points, picture } = introOf(readme);
  const matter = {
    layout: 'home',
    title: `${name}: ${summary}`.replaceAll('`', ''),
    titleTemplate: false,
    hero: {
      name,
      text: html(summary),
      tagline: html(promise),
      actions: [
        { text: 'Get started', link: '/guide/getting-started' },
        { theme: 'alt', text: 'Guarantees', link: '/reliability/guarantees' },
        { theme: 'alt', text: 'API', link: '/api/' },
      ],
    },
    features: points.split(/^- /m).slice(1).map(feature),
  };
  return [
    `---\n${JSON.stringify(matter)}\n---`,
    section(readme, '## Quick start').replace('\n```ts', `\n${codeOf(section(readme, '## Install'))}\n\`\`\`ts`),
    picture,
    ...sectionsOf(index),
  ]
    .join('\n\n')
    .replaceAll('](docs/', '](');
}

/** The parts of the README above its first heading. */
export function introOf(readme: string): Record<'name' | 'summary' | 'promise' | 'points' | 'picture', string> {
  const intro = section(readme, '');
  const [title = '', summary = '', promise = '', points = ''] = intro.split('\n\n');
  const [picture = ''] = intro.match(/^!\[.*\)$/m) ?? [];
  return { name: title.replace('# ', ''), summary, promise, points, picture };
}

/** The reading order, with elements that the style sheet lays out in columns. */
function sectionsOf(index: string): string[] {
  const [intro = '', ...sections] = index.split(/^(?=## )/m);
  return [
    intro.replace(/^# .*?\n\n.*?\n\n/s, '## Documentation\n\n'),
    '<div class="reading-order">',
    ...sections.map((section) => `<section>\n\n${section}\n\n</section>`),
    '</div>',
  ];
}

/** The text from a heading to the next one. */
function section(text: string, heading: string): string {
  const body = heading === '' ? text : (text.split(`${heading}\n`)[1] ?? '');
  return `${heading}\n${body.split(/^##+ /m, 1).join()}`.trim();
}

const codeOf = (text: string): string => text.match(/^```.*?^```\n/ms)?.[0] ?? '';

function feature(point: string): { title: string; details: string; link?: string } {
  const [, title = '', details = ''] = point.match(/\*\*(.*?)\*\*:\s*(.*)/s) ?? [];
  const [, link] = details.match(/\]\(docs\/(.*?)\)/) ?? [];
  return { title, details: html(details), ...(link && { link: `/${link.replace('.md', '')}` }) };
}

/** A paragraph as HTML, without its links: a card is one link. */
const html = (text: string): string =>
  text
    .trim()
    .replaceAll('\n', ' ')
    .replaceAll(/\[(.*?)\]\(.*?\)/gs, '$1')
    .replaceAll(/`(.*?)`/g, '<code>$1</code>')
    .replaceAll(/\*(.*?)\*/g, '<em>$1</em>');
