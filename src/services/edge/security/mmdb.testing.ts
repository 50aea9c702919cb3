/**
 * Writes small country files for tests: a search tree of 24-bit records and one record a country.
 * Source: "MaxMind DB File Format Specification", version 2.0.
 */
import { groupsOf, readAddress } from './addresses.ts';

export type Network = { block: string; record: unknown };

const MARKER = Buffer.concat([Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com')]);
const TYPE = { string: 2, uint16: 5, uint32: 6, map: 7, uint64: 9, array: 11 } as const;

/** A file for IPv6, in which IPv4 addresses are ::/96. */
export function mmdbFile(networks: readonly Network[], buildEpoch = 1_700_000_000): Buffer {
  const nodes: Array<[Link, Link]> = [[undefined, undefined]];
  const records = networks.map(({ record }) => encoded(record));
  const offsets = records.map((_, i) => records.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  for (const [i, { block }] of networks.entries())
    insert(nodes, bitsOf(block), { data: offsets[i] as number });
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [i, pair] of nodes.entries()) {
    for (const [side, link] of pair.entries()) {
      tree.writeUIntBE(pointer(link, nodes.length), i * 6 + side * 3, 3);
    }
  }
  const metadata = {
    node_count: uint(TYPE.uint32, nodes.length),
    record_size: uint(TYPE.uint16, 24),
    ip_version: uint(TYPE.uint16, 6),
    database_type: encoded('Test-Country'),
    languages: encoded(['en']),
    binary_format_major_version: uint(TYPE.uint16, 2),
    binary_format_minor_version: uint(TYPE.uint16, 0),
    build_epoch: uint(TYPE.uint64, buildEpoch),
    description: encoded({ en: 'test' }),
  };
  return Buffer.concat([tree, Buffer.alloc(16), ...records, MARKER, mapOf(Object.entries(metadata))]);
}

type Link = number | { data: number } | undefined;

function pointer(link: Link, nodeCount: number): number {
  if (link === undefined) return nodeCount;
  return typeof link === 'number' ? link : nodeCount + 16 + link.data;
}

function insert(nodes: Array<[Link, Link]>, bits: readonly number[], leaf: { data: number }): void {
  let at = 0;
  for (const [depth, bit] of bits.entries()) {
    const node = nodes[at] as [Link, Link];
    if (depth === bits.length - 1) node[bit] = leaf;
    else {
      if (typeof node[bit] !== 'number') node[bit] = nodes.push([undefined, undefined]) - 1;
      at = node[bit] as number;
    }
  }
}

function bitsOf(block: string): number[] {
  const [text = '', prefix] = block.split('/');
  const v4 = readAddress(text)?.family === 'ipv4';
  const groups = groupsOf(v4 ? `::${text}` : text);
  const bits = groups.flatMap((group) => [...group.toString(2).padStart(16, '0')].map(Number));
  return bits.slice(0, Number(prefix) + (v4 ? 96 : 0));
}

function encoded(value: unknown): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(TYPE.string, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([control(TYPE.array, value.length), ...value.map(encoded)]);
  return mapOf(Object.entries(value as object).map(([key, inner]) => [key, encoded(inner)]));
}

function mapOf(entries: ReadonlyArray<readonly [string, Buffer]>): Buffer {
  return Buffer.concat([
    control(TYPE.map, entries.length),
    ...entries.flatMap(([key, value]) => [encoded(key), value]),
  ]);
}

function uint(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(first < 0 ? 6 : first);
  return Buffer.concat([control(type, short.length), short]);
}

/** Sizes below 29 fit in the control byte, and nothing here is longer. */
function control(type: number, size: number): Buffer {
  if (size >= 29) throw new Error('a value of a test file is too long');
  return Buffer.from(type < 8 ? [(type << 5) | size] : [size, type - 7]);
}
