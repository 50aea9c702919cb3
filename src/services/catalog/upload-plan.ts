/** How a browser's file becomes parts and a key of the upload bucket. Pure. */

const MEBIBYTE = 1024 * 1024;
/** S3's own bounds: at most 10,000 parts, each but the last of 5 MiB or more. */
const PARTS_MAX = 10_000;
const PART_BYTES_DEFAULT = 8 * MEBIBYTE;
const KEY_NAME_BYTES_MAX = 700;

export function partBytesFor(size: number): number {
  const least = Math.ceil(size / PARTS_MAX / MEBIBYTE) * MEBIBYTE;
  return Math.max(PART_BYTES_DEFAULT, least);
}

export function partCount(size: number, partBytes: number): number {
  return Math.ceil(size / partBytes);
}

/** Size of one part, in bytes. */
export function partSize(size: number, partBytes: number, partNumber: number): number {
  return Math.min(partBytes, size - (partNumber - 1) * partBytes);
}

/** The file's own name under the upload's id, so that two files of one name never meet. */
export function uploadKey(id: string, name: string): string {
  const file = name.split(/[/\\]/).findLast((part) => part !== '') ?? 'film';
  return `${id}/${shorten(
    file
      .toWellFormed()
      .replaceAll(/\p{Cc}/gu, ' ')
      .normalize('NFC'),
  )}`;
}

/** Cuts the middle out of a name that is too long for a key; its end tells the kind of file. */
function shorten(file: string): string {
  if (Buffer.byteLength(file) <= KEY_NAME_BYTES_MAX) return file;
  const chars = [...file];
  const end = chars.slice(-20).join('');
  while (chars.length > 0 && Buffer.byteLength(chars.join('')) + Buffer.byteLength(end) > KEY_NAME_BYTES_MAX)
    chars.length = Math.floor(chars.length * 0.9);
  return chars.join('') + end;
}
