/** What the contract tests say often: bytes of a body, a body of known bytes, an expected error code. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type ErrorCode, isMatineeError } from '../../../platform/errors.ts';
import type { ObjectBody, ObjectRef, ObjectStore } from '../objects.ts';

export const PART_BYTES = 5 * 1024 * 1024;

/** Bytes that differ at every offset within any page, so that a shifted or mixed body shows. */
export function pattern(size: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0, state = (seed + 1) * 2654435761; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A body of unknown length in uneven chunks. */
export async function* streamed(bytes: Uint8Array, chunkBytes = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export async function readAll(body: ObjectBody): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export async function bytesAt(store: ObjectStore, bucket: string, key: string): Promise<Buffer> {
  return readAll(await store.get(bucket, key));
}

export async function textAt(store: ObjectStore, bucket: string, key: string): Promise<string> {
  return (await bytesAt(store, bucket, key)).toString('utf8');
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

export function md5Etag(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

export function md5Base64(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** MD5 of MD5s, as S3 gives it to an object of several parts. */
export function partsEtag(parts: readonly Uint8Array[]): string {
  const digests = parts.map((part) => createHash('md5').update(part).digest());
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}

export async function assertCode(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(isMatineeError(error), `expected ${code}, got ${String((error as Error)?.stack ?? error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

export async function assertAbsent(store: ObjectStore, { bucket, key }: ObjectRef): Promise<void> {
  await assertCode(store.head(bucket, key), 'not_found');
  const { entries } = await store.list(bucket, { prefix: key });
  assert.deepEqual(
    entries.filter((entry) => entry.key === key),
    [],
  );
}
