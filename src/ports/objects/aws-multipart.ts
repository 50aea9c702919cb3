/** Multipart uploads through the S3 SDK. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { gather, sendStream, verifiedBody } from './aws-bodies.ts';
import { headed, translated } from './aws-client.ts';
import {
  attributeFields,
  checksumOfReply,
  copySource,
  decodeListed,
  rangeHeader,
  writeFields,
} from './aws-fields.ts';
import { resolveRange } from './byte-range.ts';
import { checkAttributes, checkKey, checkPartNumber, pageLimit } from './object-rules.ts';
import type { ObjectStore, UploadInfo, UploadRef } from './objects.ts';

/** A part whose length was not stated is gathered in memory, up to this size. */
const UNSTATED_PART_BYTES_MAX = 64 * 1024 * 1024;

type MultipartMethods = Pick<
  ObjectStore,
  'createUpload' | 'putPart' | 'copyPart' | 'listParts' | 'listUploads' | 'completeUpload' | 'abortUpload'
>;

export function createAwsMultipart(client: S3Client, clock: Clock): MultipartMethods {
  const headSize = async (bucket: string, key: string): Promise<number> => {
    const work = client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return (await headed(client, bucket, work)).ContentLength ?? 0;
  };

  return {
    createUpload: async (bucket, key, options = {}) => {
      checkKey(key);
      checkAttributes(options);
      const command = new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ...attributeFields(options),
      });
      const { UploadId } = await translated(client.send(command));
      if (!UploadId) throw new MatineeError('unavailable', 'the object store named no upload');
      return { uploadId: UploadId };
    },

    putPart: async (upload, partNumber, body, checks = {}) => {
      checkPartNumber(partNumber);
      const verified = verifiedBody(body, checks);
      const length = checks.length ?? (body instanceof Uint8Array ? body.length : undefined);
      const fields = { ...uploadFields(upload), PartNumber: partNumber, ContentMD5: checks.md5 };
      let ETag: string | undefined;
      if (length === undefined || length === 0) {
        const Body = await gather(verified.chunks, length ?? UNSTATED_PART_BYTES_MAX);
        ({ ETag } = await translated(client.send(new UploadPartCommand({ ...fields, Body }))));
      } else {
        ({ ETag } = await sendStream(verified.chunks, (Body, abortSignal) =>
          client.send(new UploadPartCommand({ ...fields, Body, ContentLength: length }), { abortSignal }),
        ));
      }
      const { size, checksum } = verified.facts();
      const lastModified = new Date(clock.now());
      return { partNumber, etag: ETag ?? '', size, lastModified, ...(checksum ? { checksum } : {}) };
    },

    copyPart: async (upload, partNumber, from, range) => {
      checkPartNumber(partNumber);
      const whole = await headSize(from.bucket, from.key);
      const span = range ? resolveRange(range, whole) : undefined;
      const command = new UploadPartCopyCommand({
        ...uploadFields(upload),
        PartNumber: partNumber,
        CopySource: copySource(from),
        CopySourceRange: span ? rangeHeader(span) : undefined,
      });
      const { CopyPartResult: result } = await translated(client.send(command));
      return {
        partNumber,
        etag: result?.ETag ?? '',
        size: span ? span.end - span.start + 1 : whole,
        lastModified: result?.LastModified ?? new Date(clock.now()),
      };
    },

    listParts: async (upload, options = {}) => {
      const command = new ListPartsCommand({
        ...uploadFields(upload),
        MaxParts: pageLimit(options.limit),
        PartNumberMarker: options.after === undefined ? undefined : String(options.after),
      });
      const reply = await translated(client.send(command));
      const parts = (reply.Parts ?? []).map((part) => ({
        partNumber: part.PartNumber ?? 0,
        etag: part.ETag ?? '',
        size: part.Size ?? 0,
        lastModified: part.LastModified ?? new Date(0),
        ...checksumOfReply(part),
      }));
      return reply.IsTruncated ? { parts, next: parts.at(-1)?.partNumber } : { parts };
    },

    listUploads: async (bucket, options = {}) => {
      const limit = pageLimit(options.limit);
      const command = new ListMultipartUploadsCommand({
        Bucket: bucket,
        Prefix: options.prefix,
        MaxUploads: limit,
        EncodingType: 'url',
      });
      const reply = await translated(client.send(command));
      const uploads = (reply.Uploads ?? []).map((upload) => ({
        key: decodeListed(upload.Key ?? ''),
        uploadId: upload.UploadId ?? '',
        startedAt: upload.Initiated ?? new Date(0),
      }));
      return uploads.sort(byKey).slice(0, limit);
    },

    completeUpload: async (upload, parts, conditions = {}) => {
      if (parts.length === 0) {
        throw new MatineeError('invalid_request', 'an upload is made of at least one part');
      }
      const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      const command = new CompleteMultipartUploadCommand({
        ...uploadFields(upload),
        ...writeFields(conditions),
        MultipartUpload: { Parts },
      });
      const reply = await translated(client.send(command));
      const size = await headSize(upload.bucket, upload.key);
      const lastModified = new Date(clock.now());
      return { etag: reply.ETag ?? '', size, lastModified, ...checksumOfReply(reply) };
    },

    abortUpload: async (upload) => {
      await translated(client.send(new AbortMultipartUploadCommand(uploadFields(upload))));
    },
  };
}

function uploadFields({ bucket, key, uploadId }: UploadRef) {
  return { Bucket: bucket, Key: key, UploadId: uploadId };
}

function byKey(a: UploadInfo, b: UploadInfo): number {
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
}
