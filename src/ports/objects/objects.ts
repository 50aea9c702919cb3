/**
 * What Matinee asks of an object store: Amazon S3's model, as small as our services need it.
 *
 * Obligations of every adapter, proved by `objects.contract.ts`:
 * - **Durable.** When a write resolves, its bytes and metadata survive `kill -9` and loss of power.
 * - **Atomic.** A reader sees the old object or the new one, whole. A failed write leaves nothing behind, and
 *   a reader that began on the old bytes finishes on them.
 * - **Streamed.** Bodies are never held in memory; memory per call is bounded by a few buffers.
 * - **Verified.** A stated length or digest that differs from the bytes fails the write with `digest_mismatch`.
 * - **Ordered.** Listings are in UTF-8 byte order of keys and see every acknowledged write.
 * - **Errors** are MatineeError with: bucket_missing, bucket_exists, bucket_not_empty, not_found,
 *   precondition_failed, range_not_satisfiable, digest_mismatch, upload_missing, invalid_part,
 *   invalid_part_order, part_too_small, storage_full, invalid_request, unavailable.
 *
 * Keys are 1 to 1,024 bytes of UTF-8 and otherwise opaque: `..`, `//` and a leading `/` are ordinary characters.
 */
export type ObjectStore = {
  /** What this adapter can do beyond the least. */
  readonly capabilities: { readonly events: boolean; readonly presign: boolean };

  createBucket(bucket: string): Promise<void>;
  /** Throws bucket_not_empty while it holds objects or open uploads. */
  deleteBucket(bucket: string): Promise<void>;
  listBuckets(): Promise<BucketInfo[]>;
  /** Resolves to undefined when there is none. */
  headBucket(bucket: string): Promise<BucketInfo | undefined>;

  put(bucket: string, key: string, body: Body, options?: PutOptions): Promise<PutResult>;
  /** Throws not_found; see `GetOptions` for conditions and ranges. */
  get(bucket: string, key: string, options?: GetOptions): Promise<ObjectBody>;
  head(bucket: string, key: string, options?: Conditions): Promise<ObjectInfo>;
  /** Resolves also when there was nothing to delete. */
  delete(bucket: string, key: string): Promise<void>;
  copy(from: ObjectRef, to: ObjectRef, options?: CopyOptions): Promise<PutResult>;
  list(bucket: string, options?: ListOptions): Promise<ListPage>;

  createUpload(bucket: string, key: string, options?: ObjectAttributes): Promise<{ uploadId: string }>;
  putPart(upload: UploadRef, partNumber: number, body: Body, options?: BodyChecks): Promise<PartInfo>;
  /** A part from a range of an object that is already stored. */
  copyPart(upload: UploadRef, partNumber: number, from: ObjectRef, range?: ByteRange): Promise<PartInfo>;
  listParts(upload: UploadRef, options?: { after?: number; limit?: number }): Promise<PartPage>;
  listUploads(bucket: string, options?: { prefix?: string; limit?: number }): Promise<UploadInfo[]>;
  /**
   * Parts in ascending order, each named with the ETag that `putPart` gave. Fails as a whole. Asked again, since
   * the first reply may have been lost, it gives the same result while the object that it made stands.
   */
  completeUpload(
    upload: UploadRef,
    parts: readonly CompletedPart[],
    options?: Conditions,
  ): Promise<PutResult>;
  abortUpload(upload: UploadRef): Promise<void>;

  /** A URL that lets its bearer do one thing for a while, without credentials. */
  presign(method: 'GET' | 'PUT', bucket: string, key: string, options: PresignOptions): Promise<string>;

  health(): Promise<{ ready: true } | { ready: false; reason: string }>;
  close(): Promise<void>;
};

export type Body = AsyncIterable<Uint8Array> | Uint8Array;
export type ObjectRef = { bucket: string; key: string };
export type UploadRef = { bucket: string; key: string; uploadId: string };

/** Inclusive at both ends, as in HTTP; without `end` to the last byte; with `suffix` the last N bytes. */
export type ByteRange = { start: number; end?: number } | { suffix: number };

export type BucketInfo = { name: string; createdAt: Date };

export type ObjectAttributes = {
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: string;
  /** `x-amz-meta-*`, names in lower case without the prefix; at most 2 KiB in all. */
  metadata?: Readonly<Record<string, string>>;
  /** How many bytes the uploader says will come; for progress only. */
  expectedBytes?: number;
};

export type ChecksumKind = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

export type BodyChecks = {
  /** Exact length in bytes. */
  length?: number;
  /** MD5 of the body, 16 bytes in base64 (the Content-MD5 header). */
  md5?: string;
  /** Base64 of the digest's bytes. A function is asked after the last byte: trailers come late. */
  checksum?: { kind: ChecksumKind; value: string | (() => string | undefined) };
};

export type PutOptions = ObjectAttributes & BodyChecks & Conditions;

/** ETags are quoted as on the wire; `*` means any object. Dates are compared in whole seconds. */
export type Conditions = {
  ifMatch?: string;
  ifNoneMatch?: string;
  ifModifiedSince?: Date;
  ifUnmodifiedSince?: Date;
};

export type GetOptions = Conditions & { range?: ByteRange; signal?: AbortSignal };

export type CopyOptions = {
  /** Replaces the attributes; without it they are copied. */
  attributes?: ObjectAttributes;
  /** Conditions on the source. */
  source?: Conditions;
};

export type PutResult = {
  /** Quoted; MD5 in hex of a single put, MD5 of MD5s and `-N` of a multipart upload. */
  etag: string;
  size: number;
  lastModified: Date;
  checksum?: { kind: ChecksumKind; value: string };
};

export type ObjectInfo = PutResult & ObjectAttributes & { key: string };

/** `range` is what is sent of `size` bytes in all; `stream` must be read to its end or destroyed. */
export type ObjectBody = ObjectInfo & {
  range?: { start: number; end: number };
  stream: AsyncIterable<Uint8Array> & { destroy?(error?: Error): void };
};

export type ListOptions = {
  prefix?: string;
  delimiter?: string;
  /** Only keys after this one. */
  after?: string;
  /** At most 1,000, keys and prefixes together. Default 1,000. */
  limit?: number;
};

export type ListEntry = { key: string; size: number; etag: string; lastModified: Date };
export type ListPage = {
  entries: ListEntry[];
  prefixes: string[];
  /** Pass as `after` for the next page; absent on the last. */
  next?: string;
};

export type PartInfo = {
  partNumber: number;
  etag: string;
  size: number;
  lastModified: Date;
  checksum?: { kind: ChecksumKind; value: string };
};
export type CompletedPart = { partNumber: number; etag: string };
export type PartPage = { parts: PartInfo[]; next?: number };
export type UploadInfo = { key: string; uploadId: string; startedAt: Date };

export type PresignOptions = {
  /** 1 s to 7 days. */
  expiresS: number;
  uploadId?: string;
  partNumber?: number;
  /** Scheme, host and port that the bearer will call; default: the store's own address. */
  baseUrl?: string;
};

/**
 * What happened to objects, in the order of commits. An adapter with `capabilities.events` keeps each event
 * with the commit that caused it until it is acknowledged, so that none is lost between the two.
 */
export type ObjectEvents = {
  /** The oldest unacknowledged events; waits up to `waitMs` for the first. */
  take(limit: number, waitMs: number, signal?: AbortSignal): Promise<ObjectEvent[]>;
  acknowledge(sequences: readonly number[]): Promise<void>;
};

export type ObjectEvent = {
  sequence: number;
  at: Date;
  bucket: string;
  key: string;
} & (
  | { kind: 'created'; etag: string; size: number; contentType?: string }
  | { kind: 'removed' }
  | { kind: 'upload-started'; uploadId: string; expectedBytes?: number }
  /** At most one a second and upload. */
  | { kind: 'upload-progress'; uploadId: string; receivedBytes: number; expectedBytes?: number }
  | { kind: 'upload-aborted'; uploadId: string }
);
