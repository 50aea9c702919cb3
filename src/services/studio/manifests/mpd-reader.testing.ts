/**
 * For tests only: reads an MPD and holds it to the part of the schema of ISO/IEC 23009-1 that films need: which
 * elements stand where and in which order, which attributes they have, and what forms those have.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';

export type Node = { name: string; attributes: Map<string, string>; children: Node[]; text: string };

const UNSIGNED = /^\d+$/;
const DURATION = /^PT(\d+H)?(\d+M)?(\d+(\.\d+)?S)?$/;
const TOKEN = /^[^\s]+$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const ANY = /^/;
const URI = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

type Rule = { required: Record<string, RegExp>; optional: Record<string, RegExp>; children: string[] };

const DESCRIPTOR: Rule = {
  required: { schemeIdUri: /^(urn:[a-z0-9][^\s]*|https?:\/\/[^\s]+)$/i },
  optional: { value: ANY },
  children: [],
};
/** Children in the order in which the schema wants them. */
const RULES: Record<string, Rule> = {
  MPD: {
    required: {
      ...{ xmlns: /^urn:mpeg:dash:schema:mpd:2011$/, profiles: /^urn:mpeg:dash:profile:isoff-live:2011$/ },
      ...{ type: /^(static|dynamic)$/, minBufferTime: DURATION },
    },
    optional: {
      ...{ mediaPresentationDuration: DURATION, minimumUpdatePeriod: DURATION },
      ...{ suggestedPresentationDelay: DURATION, availabilityStartTime: TIME },
      'xmlns:cenc': /^urn:mpeg:cenc:2013$/,
    },
    children: ['Period'],
  },
  Period: { required: { id: TOKEN, start: DURATION }, optional: {}, children: ['AdaptationSet'] },
  AdaptationSet: {
    required: { id: UNSIGNED, contentType: /^(video|audio|text|image)$/, mimeType: /^[a-z]+\/[a-z0-9+-]+$/ },
    optional: {
      ...{ lang: /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/, segmentAlignment: /^(true|false)$/ },
      ...{ startWithSAP: /^[0-6]$/, maxWidth: UNSIGNED, maxHeight: UNSIGNED },
    },
    children: ['EssentialProperty', 'Label', 'Accessibility', 'Role', 'Representation'],
  },
  Representation: {
    required: { id: TOKEN, bandwidth: UNSIGNED },
    optional: {
      ...{ codecs: TOKEN, width: UNSIGNED, height: UNSIGNED, sar: /^\d+:\d+$/, audioSamplingRate: UNSIGNED },
      ...{
        frameRate: /^\d+(\/[1-9]\d*)?$/,
        maxPlayoutRate: /^\d+(\.\d+)?$/,
        codingDependency: /^(true|false)$/,
      },
    },
    children: [
      ...[
        'AudioChannelConfiguration',
        'ContentProtection',
        'EssentialProperty',
        'BaseURL',
        'SegmentTemplate',
      ],
    ],
  },
  SegmentTemplate: {
    required: { media: URI, startNumber: UNSIGNED, timescale: UNSIGNED },
    optional: { initialization: URI, duration: UNSIGNED },
    children: ['SegmentTimeline'],
  },
  SegmentTimeline: { required: {}, optional: {}, children: ['S'] },
  S: { required: { d: /^[1-9]\d*$/ }, optional: { t: UNSIGNED, r: UNSIGNED }, children: [] },
  Label: { required: {}, optional: {}, children: [] },
  BaseURL: { required: {}, optional: {}, children: [] },
  ...{ Role: DESCRIPTOR, Accessibility: DESCRIPTOR, EssentialProperty: DESCRIPTOR },
  AudioChannelConfiguration: DESCRIPTOR,
  ContentProtection: {
    ...DESCRIPTOR,
    optional: { ...DESCRIPTOR.optional, 'cenc:default_KID': /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/ },
  },
};

export function readMpd(xml: string): { root: Node | undefined; faults: string[] } {
  const faults: string[] = [];
  if (!xml.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n')) faults.push('no XML declaration');
  if (/[^\P{Cc}\n]|[\uFFFE\uFFFF]/u.test(xml) || xml !== xml.toWellFormed())
    faults.push('not XML characters');
  const valid = XMLValidator.validate(xml);
  if (valid !== true) return { root: undefined, faults: [...faults, valid.err.msg] };
  const options = { preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' };
  const plain = { parseTagValue: false, parseAttributeValue: false, ignoreDeclaration: true };
  const parsed: unknown = new XMLParser({ ...options, ...plain, trimValues: true }).parse(xml);
  const [root] = (parsed as Raw[]).flatMap(toNode);
  if (root) checkNode(root, faults);
  return { root, faults };
}

type Raw = Record<string, unknown> & { ':@'?: Record<string, string> };

function toNode(raw: Raw): Node[] {
  const [name] = Object.keys(raw).filter((key) => key !== ':@');
  if (name === undefined || name === '#text') return [];
  const inner = raw[name] as Raw[];
  const text = inner.map((child) => ('#text' in child ? String(child['#text']) : '')).join('');
  const attributes = new Map(Object.entries(raw[':@'] ?? {}));
  return [{ name, attributes, children: inner.flatMap(toNode), text }];
}

function checkNode(node: Node, faults: string[]): void {
  const rule = RULES[node.name];
  if (!rule) return void faults.push(`unknown element ${node.name}`);
  for (const name of Object.keys(rule.required)) {
    if (!node.attributes.has(name)) faults.push(`${node.name} without ${name}`);
  }
  for (const [name, value] of node.attributes) {
    const form = rule.required[name] ?? rule.optional[name];
    if (!form?.test(value)) faults.push(`${node.name} with ${name}="${value}"`);
  }
  const places = node.children.map(({ name }) => rule.children.indexOf(name));
  if (places.includes(-1)) faults.push(`a strange child of ${node.name}`);
  if (places.some((place, at) => place < (places[at - 1] ?? 0)))
    faults.push(`children of ${node.name} in disorder`);
  for (const child of node.children) checkNode(child, faults);
}
