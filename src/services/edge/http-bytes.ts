/** Byte tables of HTTP/1.1's grammar (RFC 9110 section 5, RFC 9112 sections 2 and 3). Constants, no behaviour. */
export const BYTE = { HTAB: 0x09, LF: 0x0a, CR: 0x0d, SP: 0x20, COLON: 0x3a } as const;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';

function table(members: Iterable<number>): Uint8Array {
  const bytes = new Uint8Array(256);
  for (const byte of members) bytes[byte] = 1;
  return bytes;
}

function codes(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

function between(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** For a byte of a token its lower-case form, for any other 0. */
export const LOWER_TOKEN: Uint8Array = (() => {
  const bytes = new Uint8Array(256);
  for (const char of `!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`) {
    bytes[char.charCodeAt(0)] = char.toLowerCase().charCodeAt(0);
  }
  return bytes;
})();

/** Bytes of a field value: visible ones, space, tab, and those above ASCII. */
export const VALUE_BYTE: Uint8Array = table([BYTE.HTAB, ...between(0x20, 0x7e), ...between(0x80, 0xff)]);

/** Bytes of a request target: visible ASCII but those that no URI holds and that some servers read as others. */
export const TARGET_BYTE: Uint8Array = table(
  between(0x21, 0x7e).filter((byte) => !codes('"<>\\#').includes(byte)),
);

/** Bytes of a host with an optional port. */
export const HOST_BYTE: Uint8Array = table(codes(`${LETTERS}${DIGITS}-._~%:[]`));

/** The fields that an edge reads, by the rolling hash of their lower-case names. */
export const KNOWN_HEADERS: ReadonlyMap<number, string> = new Map(
  [
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'expect',
    'range',
    'if-range',
    'if-none-match',
    'if-modified-since',
  ].map((name) => [codes(name).reduce((hash, code) => (Math.imul(hash, 31) + code) | 0, 0), name]),
);

/** Whether the bytes are this lower-case name; two names may share a hash. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (LOWER_TOKEN[bytes[start + i] as number] !== name.charCodeAt(i)) return false;
  }
  return true;
}
