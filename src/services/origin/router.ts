/** Finds the operation that a request means, from its method, whether it names a key, and its query. */
import type { Operation } from './operation.ts';
import { abortUpload } from './routes/abort-upload.ts';
import { completeUpload } from './routes/complete-upload.ts';
import { copyObject } from './routes/copy-object.ts';
import { copyPart } from './routes/copy-part.ts';
import { createBucket } from './routes/create-bucket.ts';
import { createUpload } from './routes/create-upload.ts';
import { deleteBucket } from './routes/delete-bucket.ts';
import { deleteObject } from './routes/delete-object.ts';
import { deleteObjects } from './routes/delete-objects.ts';
import { getBucketLocation } from './routes/get-bucket-location.ts';
import { getObject } from './routes/get-object.ts';
import { getObjectAcl } from './routes/get-object-acl.ts';
import { getObjectAttributes } from './routes/get-object-attributes.ts';
import { getObjectTagging } from './routes/get-object-tagging.ts';
import { headBucket } from './routes/head-bucket.ts';
import { headObject } from './routes/head-object.ts';
import { listBuckets } from './routes/list-buckets.ts';
import { listObjects } from './routes/list-objects.ts';
import { listObjectsV2 } from './routes/list-objects-v2.ts';
import { listParts } from './routes/list-parts.ts';
import { listUploads } from './routes/list-uploads.ts';
import { putObject } from './routes/put-object.ts';
import { putPart } from './routes/put-part.ts';
import { BUCKET_SETTINGS, readBucketSetting } from './routes/read-bucket-setting.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

type Level = 'service' | 'bucket' | 'object';
type Row = readonly [method: string, level: Level, selectors: string, operation: Operation, header?: string];

/** `selectors` are the query names that choose the operation, sorted. Rows with a header come first. */
const ROWS: readonly Row[] = [
  ['GET', 'service', '', listBuckets],
  ['PUT', 'bucket', '', createBucket],
  ['HEAD', 'bucket', '', headBucket],
  ['DELETE', 'bucket', '', deleteBucket],
  ['GET', 'bucket', '', listObjects],
  ['GET', 'bucket', 'list-type', listObjectsV2],
  ['GET', 'bucket', 'location', getBucketLocation],
  ['GET', 'bucket', 'uploads', listUploads],
  ['POST', 'bucket', 'delete', deleteObjects],
  ...Object.keys(BUCKET_SETTINGS).map((name): Row => ['GET', 'bucket', name, readBucketSetting(name)]),
  ['PUT', 'object', '', copyObject, 'x-amz-copy-source'],
  ['PUT', 'object', '', putObject],
  ['GET', 'object', '', getObject],
  ['HEAD', 'object', '', headObject],
  ['DELETE', 'object', '', deleteObject],
  ['GET', 'object', 'acl', getObjectAcl],
  ['GET', 'object', 'tagging', getObjectTagging],
  ['GET', 'object', 'attributes', getObjectAttributes],
  ['POST', 'object', 'uploads', createUpload],
  ['PUT', 'object', 'partNumber,uploadId', copyPart, 'x-amz-copy-source'],
  ['PUT', 'object', 'partNumber,uploadId', putPart],
  ['POST', 'object', 'uploadId', completeUpload],
  ['DELETE', 'object', 'uploadId', abortUpload],
  ['GET', 'object', 'uploadId', listParts],
];

/** Parameters that refine an operation without choosing it. */
const MODIFIERS = new Set([
  ...['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type', 'continuation-token', 'start-after'],
  ...['fetch-owner', 'key-marker', 'upload-id-marker', 'max-uploads', 'part-number-marker', 'max-parts'],
  ...['max-buckets', 'bucket-region', 'versionId', 'x-id'],
  ...['response-content-type', 'response-content-language', 'response-expires', 'response-cache-control'],
  ...['response-content-disposition', 'response-content-encoding'],
]);

/** Parameters that choose an operation even when they have a value. */
const SELECTORS = new Set([
  ...ROWS.flatMap(([, , selectors]) => selectors.split(',')),
  ...['versions', 'versionid', 'restore', 'select', 'torrent', 'legal-hold', 'retention', 'renameObject'],
  ...['analytics', 'inventory', 'metrics', 'intelligent-tiering', 'session', 'append', 'metadataTable'],
]);

/**
 * Throws S3Error NotImplemented for a sub-resource that is not known, so that `PUT /bucket?anything` never
 * creates a bucket, and MethodNotAllowed for a method that the resource does not have.
 */
export function findOperation(request: S3Request): Operation {
  const level: Level =
    request.bucket === undefined ? 'service' : request.key === undefined ? 'bucket' : 'object';
  const selectors = [...request.query]
    .filter(([name, value]) => SELECTORS.has(name) || (value === '' && !isModifier(name)))
    .map(([name]) => name)
    .sort()
    .join(',');
  const row = ROWS.find(
    ([method, at, chosen, , header]) =>
      method === request.method &&
      at === level &&
      chosen === selectors &&
      (header === undefined || request.headers.has(header)),
  );
  if (row) return row[3];
  if (selectors === '') throw new S3Error('MethodNotAllowed');
  throw new S3Error('NotImplemented', 'This sub-resource or this method on it is not implemented.');
}

function isModifier(name: string): boolean {
  return MODIFIERS.has(name) || /^x-amz-/i.test(name);
}
