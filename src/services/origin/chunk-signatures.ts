/**
 * Checks the chain of signatures of a signed `aws-chunked` body: each chunk's signature covers its bytes and the
 * signature before it, beginning with the request's own.
 */
import { createHash, type Hash } from 'node:crypto';
import { EMPTY_PAYLOAD_HASH, scopeText, signText } from '../../platform/sigv4.ts';
import { type Caller, sameSignature } from './authenticate.ts';
import type { ChunkChecks } from './aws-chunked.ts';
import { S3Error } from './s3-error.ts';

export function createChunkSignatures(seed: Caller['seed']): ChunkChecks {
  let previous = seed.signature;
  let given = '';
  let hash: Hash = createHash('sha256');

  function require(kind: 'PAYLOAD' | 'TRAILER', lines: readonly string[], signature: string): void {
    const text = [`AWS4-HMAC-SHA256-${kind}`, seed.amzDate, scopeText(seed.scope), previous, ...lines].join(
      '\n',
    );
    const expected = signText(text, seed.key);
    if (!sameSignature(expected, signature)) throw new S3Error('SignatureDoesNotMatch');
    previous = expected;
  }

  return {
    begin(signature) {
      given = signature;
      hash = createHash('sha256');
    },
    data: (bytes) => {
      hash.update(bytes);
    },
    end: () => require('PAYLOAD', [EMPTY_PAYLOAD_HASH, hash.digest('hex')], given),
    trailer: (text, signature) =>
      require('TRAILER', [createHash('sha256').update(text).digest('hex')], signature),
  };
}
