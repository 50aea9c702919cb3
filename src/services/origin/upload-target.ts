/** Reads which multipart upload and which part of it a request means. */
import type { UploadRef } from '../../ports/objects/objects.ts';
import { queryNumber, type Target } from './operation.ts';
import { S3Error } from './s3-error.ts';

/** Throws S3Error NoSuchUpload when the id cannot be one. */
export function uploadOf(target: Target): UploadRef {
  const uploadId = target.query.get('uploadId') ?? '';
  if (uploadId === '' || uploadId.length > 512) throw new S3Error('NoSuchUpload');
  return { bucket: target.bucket, key: target.key, uploadId };
}

/** 1 to 10,000. Throws S3Error InvalidArgument. */
export function partNumberOf(target: Target): number {
  const number = queryNumber(target, 'partNumber', 1, 10_000);
  if (number === undefined) throw new S3Error('InvalidArgument', 'partNumber is missing.');
  return number;
}
