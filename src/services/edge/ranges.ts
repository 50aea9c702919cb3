/** Reads `Range` and `If-Range` (RFC 9110 sections 13.1.5 and 14). Pure functions. */
export type ByteSpan = { readonly start: number /** Last byte, inclusive. */; readonly end: number };

/** More ranges than this are not served one by one. */
export const RANGES_MAX = 16;

/**
 * The spans that a `Range` asks of a body of `size` bytes, in their order. `whole` when the field is to be
 * ignored (another unit, bad syntax, too many, or more bytes than the body has), `none` when no span lies inside.
 */
export function readRanges(text: string, size: number): readonly ByteSpan[] | 'whole' | 'none' {
  const match = /^bytes=(.*)$/i.exec(text);
  const specs = match?.[1]?.split(',') ?? [];
  if (specs.length === 0 || specs.length > RANGES_MAX) return 'whole';
  const spans: ByteSpan[] = [];
  let total = 0;
  for (const spec of specs) {
    const span = readSpan(spec, size);
    if (span === 'bad') return 'whole';
    if (span === 'outside') continue;
    spans.push(span);
    total += span.end - span.start + 1;
  }
  if (spans.length === 0) return 'none';
  return spans.length > 1 && total > size ? 'whole' : spans;
}

function readSpan(spec: string, size: number): ByteSpan | 'bad' | 'outside' {
  // Blanks are space and tab alone: `trim` would take more, and what is read here a proxy may have refused.
  const match = /^[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/.exec(spec);
  if (!match) return 'bad';
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return 'bad';
    const length = Number(last);
    return length === 0 || size === 0 ? 'outside' : { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'bad';
  if (start >= size) return 'outside';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** The first byte that a plain range asks for, 0 for any other form. A hint, before the size is known. */
export function firstByteHint(text: string): number {
  const match = /^bytes=([0-9]{1,15})-[0-9]{0,15}$/i.exec(text);
  return match ? Number(match[1]) : 0;
}

/**
 * Whether a range may be answered in parts: the validator must be the strong tag of what is here, or its exact
 * date of change. A weak tag never is.
 */
export function ifRangeHolds(text: string, etag: string, lastModified: string): boolean {
  if (text === '') return true;
  if (text.startsWith('"')) return text === etag;
  if (text.startsWith('W/')) return false;
  return lastModified !== '' && text === lastModified;
}
