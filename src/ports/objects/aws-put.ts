/**
 * Puts through the S3 SDK. A body of known length is one streamed request; one of unknown length is gathered into
 * one part's worth of memory, and becomes a multipart upload when there is more.
 */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { cutParts, sendStream, type VerifiedBody, verifiedBody } from './aws-bodies.ts';
import { translated } from './aws-client.ts';
import { attributeFields, checksumFields, writeFields } from './aws-fields.ts';
import { checkAttributes, checkKey, PART_NUMBER_MAX } from './object-rules.ts';
import type { BodyChecks, ObjectStore, PartInfo, PutOptions, PutResult } from './objects.ts';

const PART_BYTES = 8 * 1024 * 1024;
/** The most that S3 takes in one request. */
const SINGLE_PUT_BYTES_MAX = 5 * 1024 ** 3;
/** Parts grow after each such number of them, so that 10,000 parts hold 240 GiB at 40 MiB of memory a part. */
const PARTS_A_STEP = 2000;

type Multipart = Pick<ObjectStore, 'createUpload' | 'putPart' | 'completeUpload' | 'abortUpload'>;

export function createAwsPut(client: S3Client, multipart: Multipart, clock: Clock): ObjectStore['put'] {
  const putWhole = async (
    bucket: string,
    key: string,
    bytes: Buffer,
    verified: VerifiedBody,
    options: PutOptions,
  ): Promise<PutResult> => {
    const facts = verified.facts();
    const command = new PutObjectCommand({
      ...objectFields(bucket, key, options),
      ...checksumFields(facts.checksum),
      Body: bytes,
    });
    const { ETag } = await translated(client.send(command));
    return result(ETag, facts, clock);
  };

  const putStream = async (bucket: string, key: string, verified: VerifiedBody, options: PutOptions) => {
    const { ETag } = await sendStream(verified.chunks, (Body, abortSignal) => {
      const fields = { ...objectFields(bucket, key, options), ...statedChecksum(options), Body };
      return client.send(new PutObjectCommand({ ...fields, ContentLength: options.length }), { abortSignal });
    });
    return result(ETag, verified.facts(), clock);
  };

  const putParts = async (
    bucket: string,
    key: string,
    bodies: AsyncIterable<Buffer>,
    verified: VerifiedBody,
    options: PutOptions,
  ): Promise<PutResult> => {
    const { uploadId } = await multipart.createUpload(bucket, key, options);
    const upload = { bucket, key, uploadId };
    try {
      const parts: PartInfo[] = [];
      for await (const body of bodies) {
        if (parts.length === PART_NUMBER_MAX)
          throw new MatineeError('too_large', 'the body has too many parts');
        parts.push(await multipart.putPart(upload, parts.length + 1, body));
      }
      const facts = verified.facts();
      const { ifMatch, ifNoneMatch } = options;
      const { etag } = await multipart.completeUpload(upload, parts, { ifMatch, ifNoneMatch });
      return result(etag, facts, clock);
    } catch (error) {
      // The first failure is what counts; parts that cannot be removed now are left to the store's own clean-up.
      await Promise.allSettled([multipart.abortUpload(upload)]);
      throw error;
    }
  };

  return async (bucket, key, body, options = {}) => {
    checkKey(key);
    checkAttributes(options);
    writeFields(options);
    const known = options.length ?? (body instanceof Uint8Array ? body.length : undefined);
    const verified = verifiedBody(body, options);
    if (known !== undefined && known > PART_BYTES && known <= SINGLE_PUT_BYTES_MAX) {
      return putStream(bucket, key, verified, { ...options, length: known });
    }
    const bodies = cutParts(verified.chunks, partBytes(known));
    try {
      const first = await bodies.next();
      const second = await bodies.next();
      if (second.done) return await putWhole(bucket, key, first.value as Buffer, verified, options);
      return await putParts(
        bucket,
        key,
        chain([first.value as Buffer, second.value], bodies),
        verified,
        options,
      );
    } finally {
      await bodies.return(undefined);
    }
  };
}

function objectFields(bucket: string, key: string, options: PutOptions) {
  return {
    Bucket: bucket,
    Key: key,
    ContentMD5: options.md5,
    ...attributeFields(options),
    ...writeFields(options),
  };
}

/** A checksum that comes late is computed by the SDK too, and sent behind the body for the store to keep. */
function statedChecksum({ checksum }: BodyChecks) {
  if (!checksum) return {};
  const { kind, value } = checksum;
  return typeof value === 'string' ? checksumFields({ kind, value }) : { ChecksumAlgorithm: kind };
}

function partBytes(known: number | undefined): (index: number) => number {
  const least = Math.ceil((known ?? 0) / PART_NUMBER_MAX);
  return (index) => Math.max(least, PART_BYTES * (1 + Math.floor(index / PARTS_A_STEP)));
}

async function* chain(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}

function result(
  etag: string | undefined,
  { size, checksum }: Pick<PutResult, 'size' | 'checksum'>,
  clock: Clock,
): PutResult {
  return { etag: etag ?? '', size, lastModified: new Date(clock.now()), ...(checksum ? { checksum } : {}) };
}
