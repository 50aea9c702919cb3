/**
 * Reads the small XML documents that S3 clients send. Entities other than XML's own five and numbers do not
 * exist here, and a document type is refused, so there is nothing to expand or to fetch.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './s3-error.ts';

/** A parsed element: its children by local name in their order, or its text. */
export type XmlNode = { readonly [name: string]: readonly XmlValue[] };
export type XmlValue = XmlNode | string;

/** The children of the root, which must have this name. Throws S3Error MalformedXML. */
export function readXml(text: string, rootName: string): XmlNode {
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML');
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    // White space belongs to keys; it is trimmed only where it separates elements.
    trimValues: false,
    alwaysCreateTextNode: true,
    isArray: () => true,
    maxNestedTags: 16,
  });
  const document = parse(parser, text);
  const root = document[rootName];
  if (!Array.isArray(root) || root.length !== 1) throw new S3Error('MalformedXML');
  const node = simplify(root[0]);
  return typeof node === 'string' ? {} : node;
}

/** The text of the only child with this name, or undefined. Throws MalformedXML when there are several. */
export function textOf(node: XmlNode, name: string): string | undefined {
  const values = node[name] ?? [];
  if (values.length > 1) throw new S3Error('MalformedXML');
  const [value] = values;
  if (typeof value === 'object') throw new S3Error('MalformedXML');
  return value;
}

/** The children with this name that are elements with content. Throws MalformedXML for plain text. */
export function nodesOf(node: XmlNode, name: string): XmlNode[] {
  return (node[name] ?? []).map((value) => {
    if (typeof value === 'string') throw new S3Error('MalformedXML');
    return value;
  });
}

function parse(parser: XMLParser, text: string): Record<string, unknown> {
  try {
    return parser.parse(text) as Record<string, unknown>;
  } catch {
    throw new S3Error('MalformedXML');
  }
}

/** The parser's shape (`#text` beside arrays of children) as ours. */
function simplify(value: unknown): XmlValue {
  if (typeof value === 'string') return decodeEntities(value);
  if (typeof value !== 'object' || value === null) return '';
  const entries = Object.entries(value).filter(([name]) => name !== '#text');
  const text = (value as { '#text'?: unknown })['#text'];
  if (entries.length === 0) return decodeEntities(typeof text === 'string' ? text : '');
  return Object.fromEntries(
    entries.map(([name, children]) => [name, (children as unknown[]).map((child) => simplify(child))]),
  );
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&([^;&\s]{0,10});?/g, (_, name: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    if (!number) return NAMED[name] ?? refuse();
    const point = number[1] ? Number.parseInt(number[1], 16) : Number(number[2]);
    return point <= 0x10ffff ? String.fromCodePoint(point) : refuse();
  });
}

function refuse(): never {
  throw new S3Error('MalformedXML');
}
