/**
 * Internet addresses as text: one spelling for each, blocks in CIDR notation, and the /64 of an IPv6 address. Pure.
 * Sources: RFC 4291 (IPv6 text, mapped addresses), RFC 4632 (CIDR).
 */
import { BlockList, isIP } from 'node:net';
import { MatineeError } from '../../../platform/errors.ts';

export type Address = { readonly text: string; readonly family: 'ipv4' | 'ipv6' };

const ADDRESS_CHARS_MAX = 64;
const MAPPED = /^::ffff:([0-9]+\.[0-9.]+)$/i;
export const BLOCKS_MAX = 10_000;

/** The address without zone, IPv4 that is mapped into IPv6 as IPv4; undefined when it is none. */
export function readAddress(text: string): Address | undefined {
  if (text.length > ADDRESS_CHARS_MAX) return undefined;
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  const plain = MAPPED.exec(bare)?.[1] ?? bare;
  const family = isIP(plain);
  if (family === 0) return undefined;
  if (family === 4) return { text: plain, family: 'ipv4' };
  const groups = groupsOf(plain);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return { text: [high >> 8, high & 255, low >> 8, low & 255].join('.'), family: 'ipv4' };
  }
  return { text: plain.toLowerCase(), family: 'ipv6' };
}

/** The eight groups of an IPv6 address that is known to be well formed. */
export function groupsOf(text: string): number[] {
  const dotted = /^(.*:)([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(text);
  const hex = dotted
    ? `${dotted[1]}${pair(dotted[2], dotted[3]).toString(16)}:${pair(dotted[4], dotted[5]).toString(16)}`
    : text;
  const [left = '', right] = hex.split('::');
  const head = numbers(left);
  if (right === undefined) return head;
  const tail = numbers(right);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** A set of addresses and CIDR blocks. One that is malformed is a fault of the configuration. */
export function addressBlocks(blocks: readonly string[]): { has(address: Address): boolean } {
  if (blocks.length > BLOCKS_MAX) throw new MatineeError('invalid_config', 'too many address blocks');
  const list = new BlockList();
  for (const block of blocks) {
    if (!addBlock(list, block)) {
      throw new MatineeError('invalid_config', 'not an address or a CIDR block', { details: { block } });
    }
  }
  return { has: ({ text, family }) => list.check(text, family) };
}

/** One block, or undefined when it is malformed. */
export function readBlock(block: string): { has(address: Address): boolean } | undefined {
  const list = new BlockList();
  return addBlock(list, block) ? { has: ({ text, family }) => list.check(text, family) } : undefined;
}

function addBlock(list: BlockList, block: string): boolean {
  const slash = block.indexOf('/');
  const text = slash < 0 ? block : block.slice(0, slash);
  const family = text.length > ADDRESS_CHARS_MAX || text.includes('%') ? 0 : isIP(text);
  if (family === 0) return false;
  const bits = family === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : block.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits) return false;
  list.addSubnet(text, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

function pair(high: string | undefined, low: string | undefined): number {
  return Number(high) * 256 + Number(low);
}

function numbers(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
