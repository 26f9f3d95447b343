export type Attributes = Readonly<Record<string, string | number>>;

/** An element of an SVG. `content` is markup already. */
export function tag(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Math.round(value * 10) / 10 : value}"`,
  );
  return content ? `<${name}${list.join('')}>${content}</${name}>` : `<${name}${list.join('')}/>`;
}

export const text = (x: number, y: number, content: string, attributes: Attributes): string =>
  tag('text', { x, y, ...attributes }, escapeText(content));

export const escapeText = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
