/** Writes XML 1.0 elements, indented, with everything escaped. */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with the attributes that have a value, in the order given. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const text = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escapeXml(String(value))}"`]))
    .join('');
  if (children.length === 0) return `<${name}${text}/>`;
  const inner = children.join('\n').replaceAll(/^/gm, '  ');
  return `<${name}${text}>\n${inner}\n</${name}>`;
}

export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
