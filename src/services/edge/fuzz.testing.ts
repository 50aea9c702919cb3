/**
 * What the fuzzer needs: numbers from a seed, damage, and readings of requests and ranges that are written by
 * regular expressions alone, so that they share no mistake with the code. Sources: RFC 9110, RFC 9112.
 */

/** A whole number below a bound. */
export type Random = (below: number) => number;

/** Mulberry32 (Tommy Ettinger): 32 bits of state, good enough to choose where to damage. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One to three changes: a byte flipped, bytes cut out, repeated, exchanged for a piece, or the end cut off. */
export function damaged(random: Random, text: string, pieces: readonly string[]): string {
  let result = text;
  for (let change = random(3); change >= 0; change--) {
    const at = random(result.length + 1);
    const length = 1 + random(random(4) === 0 ? 40 : 3);
    const [before, cut, after] = [
      result.slice(0, at),
      result.slice(at, at + length),
      result.slice(at + length),
    ];
    const piece = pieces[random(pieces.length)] as string;
    switch (random(6)) {
      case 0:
        result =
          before + String.fromCharCode((cut.charCodeAt(0) || 0) ^ (1 << random(8))) + cut.slice(1) + after;
        break;
      case 1:
        result = before + after;
        break;
      case 2:
        result = before + cut + cut + after;
        break;
      case 3:
        result = before + piece + after;
        break;
      case 4:
        result = before + piece + cut + after;
        break;
      default:
        result = random(4) === 0 ? before : before + cut + piece + after;
    }
  }
  return result;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const FIELD = `(?:${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)`;
const HEAD = new RegExp(
  `^(?:\\r\\n)?(${TOKEN}) ([\\x21\\x24-\\x3b\\x3d\\x3f-\\x5b\\x5d-\\x7e]+) HTTP/1\\.([01])\\r\\n(${FIELD}*)\\r\\n`,
);

export type ReferenceHead = { used: number; method: string; target: string; bodyBytes: number };

/** The head at the start of a text as a strict server reads it, or undefined when such a server refuses it. */
export function referenceHead(text: string): ReferenceHead | undefined {
  const match = HEAD.exec(text);
  if (!match) return undefined;
  const [whole, method = '', target = '', minor, fields = ''] = match;
  const valuesOf = (name: string) =>
    [...fields.matchAll(new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r$`, 'gim'))].map(
      ([, value]) => value ?? '',
    );
  const hosts = valuesOf('host');
  const lengths = valuesOf('content-length');
  if (hosts.length > 1 || (minor === '1' && hosts.length === 0)) return undefined;
  if (hosts.some((host) => !/^[A-Za-z0-9._~%:[\]-]+$/.test(host))) return undefined;
  if (valuesOf('transfer-encoding').length > 0 || lengths.length > 1) return undefined;
  if (lengths.some((length) => !/^[0-9]{1,15}$/.test(length))) return undefined;
  const expected = valuesOf('expect').some((value) => !/^100-continue$/i.test(value));
  if (minor === '1' && expected) return undefined;
  return { used: whole.length, method, target, bodyBytes: Number(lengths[0] ?? 0) };
}

const SPEC = '[ \\t]*(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})[ \\t]*';
const RANGE_SET = new RegExp(`^bytes=${SPEC}(?:,${SPEC})*$`, 'i');

export type ReferenceRanges = Array<{ start: number; end: number }> | 'whole' | 'none';

/** What RFC 9110 section 14.1.2 makes of a range set, with the edge's own limits of count and bytes. */
export function referenceRanges(text: string, size: number, rangesMax: number): ReferenceRanges {
  if (!RANGE_SET.test(text)) return 'whole';
  const asked = [...text.matchAll(/(\d*)-(\d*)/g)].map(([, first = '', last = '']) => ({ first, last }));
  if (asked.length > rangesMax) return 'whole';
  if (asked.some(({ first, last }) => first !== '' && last !== '' && BigInt(last) < BigInt(first)))
    return 'whole';
  const spans = asked
    .map(({ first, last }) =>
      first === ''
        ? { start: Math.max(0, size - Number(last)), end: size - 1 }
        : { start: Number(first), end: Math.min(last === '' ? size : Number(last), size - 1) },
    )
    .filter(({ start, end }) => start <= end);
  if (spans.length === 0) return 'none';
  const bytes = spans.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return spans.length > 1 && bytes > size ? 'whole' : spans;
}
