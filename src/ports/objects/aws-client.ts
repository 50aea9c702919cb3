/** One S3 client and the one way to send through it: every failure leaves as a MatineeError. */
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { MatineeError } from '../../platform/errors.ts';
import { awsFault, awsStatus } from './aws-errors.ts';

export type AwsObjectsOptions = {
  /** Scheme, host and port; without it Amazon's own for the region. */
  endpoint?: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** `host/bucket/key` instead of `bucket.host/key`. */
  forcePathStyle: boolean;
};

const CONNECT_TIMEOUT_MS = 5000;
/** Longest silence of a socket. */
const SOCKET_TIMEOUT_MS = 120_000;
const SOCKETS_MAX = 128;

/**
 * Checksums only where they are asked for: by default the SDK adds a CRC32 of its own to every upload, which signed
 * URLs then carry for an empty body.
 */
export function createS3Client(options: AwsObjectsOptions): S3Client {
  return new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    credentials: options.credentials,
    forcePathStyle: options.forcePathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  });
}

export async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw awsFault(error);
  }
}

/** A HEAD has no body to tell a missing key from a missing bucket: the bucket is asked for. */
export async function headed<T>(client: S3Client, bucket: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (awsStatus(error) === 404 && !(await bucketExists(client, bucket))) {
      throw new MatineeError('bucket_missing', 'the bucket does not exist', { cause: error });
    }
    throw awsFault(error);
  }
}

export async function bucketExists(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (awsStatus(error) === 404) return false;
    throw awsFault(error);
  }
}
