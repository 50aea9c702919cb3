/**
 * The five checksums of S3 over a stream of chunks, and the check of a body against what was stated about it.
 * Stores nothing and reads nothing: chunks are handed in.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MatineeError } from '../../platform/errors.ts';
import { crc32c } from './crc32c.ts';
import { type Crc64, crc64nvme } from './crc64nvme.ts';
import type { Body, BodyChecks, ChecksumKind } from './objects.ts';

export type RunningChecksum = { update(chunk: Uint8Array): void; digest(): Buffer };

/** Digests are big-endian, as S3 puts them into base64. */
export function createChecksum(kind: ChecksumKind): RunningChecksum {
  if (kind === 'CRC32') return running32(crc32);
  if (kind === 'CRC32C') return running32(crc32c);
  if (kind === 'CRC64NVME') return running64();
  return running(createHash(kind === 'SHA1' ? 'sha1' : 'sha256'));
}

export function checksumOf(kind: ChecksumKind, bytes: Uint8Array): string {
  const checksum = createChecksum(kind);
  checksum.update(bytes);
  return checksum.digest().toString('base64');
}

export type BodyFacts = {
  size: number;
  checksum?: { kind: ChecksumKind; value: string };
};

/** Follows a body chunk by chunk. */
export type BodyDigest<Facts> = {
  /** Throws digest_mismatch as soon as more bytes came than were stated. */
  update(chunk: Uint8Array): void;
  /** After the last chunk: the facts, or digest_mismatch. */
  finish(): Facts;
};

/** Computes only what was stated of a body. */
export function createBodyCheck(checks: BodyChecks): BodyDigest<BodyFacts> {
  const md5 = checks.md5 === undefined ? undefined : createHash('md5');
  const { update, finish } = follow(checks);
  return {
    update: (chunk) => {
      update(chunk);
      md5?.update(chunk);
    },
    finish: () => {
      const facts = finish();
      if (md5) compare('MD5', checks.md5, md5.digest());
      return facts;
    },
  };
}

/** Computes the MD5 in any case, since it is the ETag. */
export function createBodyDigest(checks: BodyChecks): BodyDigest<BodyFacts & { md5: Buffer }> {
  const md5 = createHash('md5');
  const { update, finish } = follow(checks);
  return {
    update: (chunk) => {
      update(chunk);
      md5.update(chunk);
    },
    finish: () => {
      const facts = { ...finish(), md5: md5.digest() };
      if (checks.md5 !== undefined) compare('MD5', checks.md5, facts.md5);
      return facts;
    },
  };
}

function follow(checks: BodyChecks): BodyDigest<BodyFacts> {
  const { length, checksum: stated } = checks;
  const checksum = stated ? createChecksum(stated.kind) : undefined;
  let size = 0;
  return {
    update: (chunk) => {
      size += chunk.length;
      if (length !== undefined && size > length) throw mismatch('length', { stated: length });
      checksum?.update(chunk);
    },
    finish: () => {
      if (length !== undefined && size !== length) {
        throw mismatch('length', { stated: length, received: size });
      }
      if (!stated || !checksum) return { size };
      const { kind, value } = stated;
      const digest = checksum.digest();
      compare(kind, typeof value === 'function' ? value() : value, digest);
      return { size, checksum: { kind, value: digest.toString('base64') } };
    },
  };
}

const SLICE_BYTES = 1 << 20;

/** A body as chunks; one that is whole in memory comes in slices, so that hashing it never holds up the process. */
export async function* bodyChunks(body: Body): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Uint8Array)) {
    yield* body;
    return;
  }
  for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
}

function compare(kind: string, stated: string | undefined, actual: Buffer): void {
  if (stated === undefined || !Buffer.from(stated, 'base64').equals(actual)) throw mismatch(kind, {});
}

function mismatch(what: string, details: Record<string, unknown>): MatineeError {
  return new MatineeError('digest_mismatch', `the body does not match its stated ${what}`, {
    details: { what, ...details },
  });
}

function running(hash: ReturnType<typeof createHash>): RunningChecksum {
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
}

function running32(crc: (bytes: Uint8Array, value: number) => number): RunningChecksum {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc(chunk, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

function running64(): RunningChecksum {
  let value: Crc64 = { high: 0, low: 0 };
  return {
    update: (chunk) => {
      value = crc64nvme(chunk, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(value.high);
      bytes.writeUInt32BE(value.low, 4);
      return bytes;
    },
  };
}
