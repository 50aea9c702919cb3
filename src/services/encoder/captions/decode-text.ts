/**
 * From the bytes of a caption file to text. Files of old programs do not say which code they are written in: a byte
 * order mark does, the zero bytes of UTF-16 do, valid UTF-8 hardly happens by chance, and what is left is read in
 * the code that was usual for its language. Pure.
 */

/** Codes before Unicode by language; others had that of Western Europe. */
const OLD_CODES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['cs', 'sk', 'pl', 'hu', 'ro', 'sl', 'hr', 'bs', 'sq'].map((one) => [one, 'windows-1250']),
  ),
  ...Object.fromEntries(['ru', 'uk', 'bg', 'sr', 'mk', 'be'].map((one) => [one, 'windows-1251'])),
  ...Object.fromEntries(['et', 'lv', 'lt'].map((one) => [one, 'windows-1257'])),
  ...{ el: 'windows-1253', tr: 'windows-1254', he: 'windows-1255', ar: 'windows-1256', fa: 'windows-1256' },
  ...{ vi: 'windows-1258', th: 'windows-874', ja: 'shift_jis', ko: 'euc-kr', zh: 'gb18030' },
};
/** Traditional characters have a code of their own. */
const BIG5 = /^zh-(tw|hk|hant)/i;
const LOOKED_AT = 4096;

/** `code` names what the text was read as, for the notes of the operator. */
export function decodeText(bytes: Buffer, language: string): { text: string; code: string } {
  const code = codeOf(bytes, language);
  // The byte order mark is taken off by the decoder.
  return { text: new TextDecoder(code).decode(bytes), code };
}

function codeOf(bytes: Buffer, language: string): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const head = bytes.subarray(0, LOOKED_AT);
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  // Digits, arrows and line ends are a good part of every caption file, whatever its script.
  if (Math.max(even, odd) > head.length / 8) return odd > even ? 'utf-16le' : 'utf-16be';
  if (isUtf8(bytes)) return 'utf-8';
  if (BIG5.test(language)) return 'big5';
  return OLD_CODES[language.split('-')[0] ?? ''] ?? 'windows-1252';
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    // That is the answer: it is something else.
    return false;
  }
}
