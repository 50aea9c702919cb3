/** Writes the small XML documents that S3 answers with. Knows elements and text, nothing of S3's operations. */

/** Text that is already XML. Kept apart from plain strings, so that nothing goes out unescaped by mistake. */
export type Xml = { readonly xml: string };

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An element around text (escaped) or other elements; `undefined` children are left out. */
export function element(name: string, ...children: Array<Xml | string | number | boolean | undefined>): Xml {
  const inner = children
    .filter((child) => child !== undefined)
    .map((child) => (typeof child === 'object' ? child.xml : escapeText(String(child))))
    .join('');
  return { xml: `<${name}>${inner}</${name}>` };
}

/** The outermost element of a reply, in S3's namespace. */
export function s3Document(name: string, ...children: Array<Xml | undefined>): string {
  const inner = children.map((child) => child?.xml ?? '').join('');
  return `${DECLARATION}<${name} xmlns="${S3_NAMESPACE}">${inner}</${name}>`;
}

export function xmlDocument(root: Xml): string {
  return DECLARATION + root.xml;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const SPECIAL = /[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g;

/** Control characters become references: a key may hold them, and a parser would change a bare line end. */
function escapeText(text: string): string {
  return text.replace(SPECIAL, (char) => NAMED[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}
