/**
 * Encryption of samples by `cbcs` (ISO/IEC 23001-7, 10.4): the packager's options for tracks that it writes, and the
 * same for AAC that is packaged here. Pictures are encrypted in one of ten blocks of each slice, which is what
 * players' hardware expects; sound in all whole blocks of a packet, the rest of which stays clear.
 */
import { createCipheriv } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleKey } from '../../contracts/content-keys.ts';
import { box, full, u32 } from './mp4-write.ts';

const BLOCK_BYTES = 16;
/** The common system of the W3C (EME, "cenc" initialization data): names the key and nothing else. */
const COMMON_SYSTEM = '1077efecc0b24d02ace33c1e52e2fb4b';

/** The key goes into a file of the task's folder: what a program is started with can be seen by all users. */
export async function writeKeyFlags(folder: string, key: SampleKey | undefined): Promise<string[]> {
  if (!key) return [];
  const flags = [
    '--enable_raw_key_encryption',
    `--keys=label=:key_id=${key.keyId}:key=${key.key}`,
    `--iv=${key.iv}`,
    '--protection_scheme=cbcs',
    // The packager would leave the first five seconds clear.
    '--clear_lead=0',
    '--protection_systems=CommonSystem',
  ];
  const file = keyFile(folder);
  await writeFile(file, `${flags.join('\n')}\n`, { mode: 0o600 });
  return [`--flagfile=${file}`];
}

export const keyFile = (folder: string) => join(folder, 'packager.flags');

/** One packet of sound; the IV is the same for all. */
export function encryptPacket(packet: Buffer, { key, iv }: SampleKey): Buffer {
  const end = packet.length - (packet.length % BLOCK_BYTES);
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(key, 'hex'), Buffer.from(iv, 'hex'));
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(packet.subarray(0, end)), cipher.final(), packet.subarray(end)]);
}

/** What stands in a sample entry of sound beside its decoder configuration; the entry's type is `enca` then. */
export function soundProtection(format: string, { keyId, iv }: SampleKey): Buffer {
  // Version 1, all blocks encrypted, no IV of a sample's own, and the IV of all.
  const facts = Buffer.concat([Buffer.from([0, 0, 1, 0]), hex(keyId), Buffer.from([BLOCK_BYTES]), hex(iv)]);
  const scheme = Buffer.concat([Buffer.from('cbcs'), u32(0x10000)]);
  return box(
    'sinf',
    box('frma', Buffer.from(format, 'latin1')),
    full('schm', 0, 0, scheme),
    box('schi', full('tenc', 1, 0, facts)),
  );
}

/** For the movie header: tells players which key to ask for. */
export function keySystemBox({ keyId }: SampleKey): Buffer {
  return full('pssh', 1, 0, Buffer.concat([hex(COMMON_SYSTEM), u32(1), hex(keyId), u32(0)]));
}

const hex = (text: string) => Buffer.from(text, 'hex');
