/**
 * Copies through the S3 SDK: one request up to the size that S3 takes in one, parts of the source above it. The
 * source is pinned by its ETag, so that a copy is never a mixture of two versions.
 */
import {
  CopyObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import { headed, translated } from './aws-client.ts';
import {
  attributeFields,
  checksumOfReply,
  copySource,
  infoOfReply,
  rangeHeader,
  readFields,
  sourceFields,
} from './aws-fields.ts';
import { checkAttributes, checkKey, PART_NUMBER_MAX } from './object-rules.ts';
import type { CompletedPart, ObjectRef, ObjectStore, UploadRef } from './objects.ts';

export type CopySizes = { singleBytesMax: number; partBytes: number };

/** Source: Amazon S3 User Guide, "Copying, moving, and renaming objects": 5 GB in one request. */
const SIZES: CopySizes = { singleBytesMax: 5 * 1024 ** 3, partBytes: 512 * 1024 ** 2 };
const PARTS_AT_ONCE = 4;

type Multipart = Pick<ObjectStore, 'createUpload' | 'completeUpload' | 'abortUpload'>;

export function createAwsCopy(
  client: S3Client,
  multipart: Multipart,
  clock: Clock,
  sizes: CopySizes = SIZES,
): ObjectStore['copy'] {
  const copyParts = async (upload: UploadRef, from: ObjectRef, source: HeadObjectCommandOutput) => {
    const size = source.ContentLength ?? 0;
    const partBytes = Math.max(sizes.partBytes, Math.ceil(size / PART_NUMBER_MAX));
    const count = Math.ceil(size / partBytes);
    const parts: CompletedPart[] = [];
    let next = 0;
    let failure: { error: unknown } | undefined;
    const lane = async () => {
      for (let index = next++; index < count && !failure; index = next++) {
        const start = index * partBytes;
        const command = new UploadPartCopyCommand({
          Bucket: upload.bucket,
          Key: upload.key,
          UploadId: upload.uploadId,
          PartNumber: index + 1,
          CopySource: copySource(from),
          CopySourceIfMatch: source.ETag,
          CopySourceRange: rangeHeader({ start, end: Math.min(start + partBytes, size) - 1 }),
        });
        const reply = await translated(client.send(command));
        parts[index] = { partNumber: index + 1, etag: reply.CopyPartResult?.ETag ?? '' };
      }
    };
    const stopOthers = (error: unknown) => {
      failure ??= { error };
    };
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, () => lane().catch(stopOthers)));
    if (failure) throw (failure as { error: unknown }).error;
    return parts;
  };

  const copyLarge = async (
    from: ObjectRef,
    to: ObjectRef,
    source: HeadObjectCommandOutput,
    attributes: Parameters<Multipart['createUpload']>[2],
  ) => {
    const upload = { ...to, ...(await multipart.createUpload(to.bucket, to.key, attributes)) };
    try {
      return await multipart.completeUpload(upload, await copyParts(upload, from, source));
    } catch (error) {
      // The first failure is what counts; parts that cannot be removed now are left to the store's own clean-up.
      await Promise.allSettled([multipart.abortUpload(upload)]);
      throw error;
    }
  };

  return async (from, to, { attributes, source: conditions = {} } = {}) => {
    checkKey(to.key);
    checkAttributes(attributes ?? {});
    const look = new HeadObjectCommand({ Bucket: from.bucket, Key: from.key, ...readFields(conditions) });
    const source = await headed(client, from.bucket, client.send(look));
    const size = source.ContentLength ?? 0;
    try {
      if (size > sizes.singleBytesMax) {
        return await copyLarge(from, to, source, attributes ?? infoOfReply(from.key, source));
      }
      const command = new CopyObjectCommand({
        Bucket: to.bucket,
        Key: to.key,
        CopySource: copySource(from),
        ...sourceFields({ ...conditions, ifMatch: source.ETag }),
        ...(attributes ? { MetadataDirective: 'REPLACE', ...attributeFields(attributes) } : {}),
      });
      const { CopyObjectResult: result } = await translated(client.send(command));
      return {
        etag: result?.ETag ?? '',
        size,
        lastModified: result?.LastModified ?? new Date(clock.now()),
        ...checksumOfReply(result ?? {}),
      };
    } catch (error) {
      if (!isMatineeError(error, 'precondition_failed')) throw error;
      throw new MatineeError('unavailable', 'the source changed while it was being copied', { cause: error });
    }
  };
}
