/**
 * The format of one file of the disk tier: 8 bytes of magic and version, then four little-endian 32-bit numbers
 * (length and CRC-32 of the JSON head, length and CRC-32 of the body), the JSON head, the body. No I/O.
 */
import { crc32 } from 'node:zlib';
import { WHOLE_BYTES_MAX } from './config.ts';
import type { ObjectMeta } from './stored-object.ts';

const MAGIC = Buffer.from('MEDGE001', 'latin1');
const PREFIX_BYTES = MAGIC.length + 16;
const JSON_BYTES_MAX = 64 * 1024;
export const DISK_FILE_BYTES_MAX = PREFIX_BYTES + JSON_BYTES_MAX + WHOLE_BYTES_MAX;

/** Everything of the file but the body, which follows as it is. */
export function diskFileHead(name: string, meta: ObjectMeta, body: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify({ name, meta }), 'utf8');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  [json.length, crc32(json), body.length, crc32(body)].forEach((value, i) => {
    prefix.writeUInt32LE(value, MAGIC.length + 4 * i);
  });
  return Buffer.concat([prefix, json]);
}

/** What a file holds under this name; undefined when a byte is wrong or it is another's. */
export function readDiskFile(file: Buffer, name: string): { meta: ObjectMeta; body: Buffer } | undefined {
  if (file.length < PREFIX_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const [jsonLength, jsonCrc, bodyLength, bodyCrc] = [0, 1, 2, 3].map((i) =>
    file.readUInt32LE(MAGIC.length + 4 * i),
  ) as [number, number, number, number];
  if (file.length !== PREFIX_BYTES + jsonLength + bodyLength) return undefined;
  const json = file.subarray(PREFIX_BYTES, PREFIX_BYTES + jsonLength);
  const body = file.subarray(PREFIX_BYTES + jsonLength);
  if (crc32(json) !== jsonCrc || crc32(body) !== bodyCrc) return undefined;
  const head = JSON.parse(json.toString('utf8')) as { name: string; meta: ObjectMeta };
  return head.name === name ? { meta: head.meta, body } : undefined;
}
