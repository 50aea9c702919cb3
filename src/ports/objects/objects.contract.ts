/**
 * The proof of the obligations that `objects.ts` states in prose. Every adapter runs it; one that lacks a feature
 * says so with the reason, and those tests are skipped under that reason.
 */
import { bodyTests } from './contract/bodies.ts';
import { bucketTests } from './contract/buckets.ts';
import { changeTests } from './contract/changes.ts';
import { copyTests } from './contract/copies.ts';
import { digestTests } from './contract/digests.ts';
import { eventTests } from './contract/events.ts';
import { keyTests } from './contract/keys.ts';
import { listingTests } from './contract/listing.ts';
import { multipartTests } from './contract/multipart.ts';
import { presignTests } from './contract/presigned.ts';
import { readTests } from './contract/reads.ts';
import { type ObjectsContract, registerContract } from './contract/subject.ts';
import { uploadTests } from './contract/uploads.ts';

/** Registers the suite under a name that tells the adapter. */
export function objectsContract(suite: string, contract: ObjectsContract): void {
  registerContract(suite, contract, [
    ...bucketTests,
    ...bodyTests,
    ...changeTests,
    ...keyTests,
    ...listingTests,
    ...readTests,
    ...digestTests,
    ...copyTests,
    ...multipartTests,
    ...uploadTests,
    ...presignTests,
    ...eventTests,
  ]);
}
