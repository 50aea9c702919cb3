/**
 * How a contract suite gets at the store under test, and how an adapter says what it lacks. A test that is skipped
 * always carries the reason; a reason for a test that does not exist is a fault, so that the lists stay true.
 */

import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MatineeError } from '../../../platform/errors.ts';
import type { ObjectEvents, ObjectStore } from '../objects.ts';

export type ObjectsSubject = { store: ObjectStore; events?: ObjectEvents };

export type ObjectsContract = {
  /** Opened once for the suite, which closes the store at its end. Rejecting fails every test. */
  open(): Promise<ObjectsSubject>;
  /** Anything else to be let go, after the store was closed. */
  close?(): Promise<void>;
  /** Why whole groups do not apply to this adapter. */
  lacks?: Partial<Record<ContractFeature, string>>;
  /** Names of single tests that what stands behind the adapter gets wrong, each with the reason. */
  knownFaults?: Readonly<Record<string, string>>;
  /** Set when nothing can run at all, with the reason. */
  skip?: string;
};

export type ContractFeature = 'events' | 'presign';

export type Room = { store: ObjectStore; events?: ObjectEvents; bucket: string };
export type ContractTest = { name: string; needs?: ContractFeature; run(room: Room): Promise<void> };

/** Registers the tests, each with an empty bucket of its own. */
export function registerContract(
  suite: string,
  contract: ObjectsContract,
  tests: readonly ContractTest[],
): void {
  requireTrueNames(contract.knownFaults ?? {}, tests);
  let subject: ObjectsSubject | undefined;
  if (!contract.skip) {
    before(async () => {
      subject = await contract.open();
    });
    after(async () => {
      await subject?.store.close();
      await contract.close?.();
    });
  }
  for (const { name, needs, run } of tests) {
    const skip = contract.skip ?? contract.knownFaults?.[name] ?? (needs && contract.lacks?.[needs]) ?? false;
    test(`${suite}: ${name}`, { skip, timeout: 60_000 }, async () => {
      if (!subject) throw new Error('the store under test did not open');
      const bucket = newBucketName();
      await subject.store.createBucket(bucket);
      await run({ ...subject, bucket });
    });
  }
}

/** Unique, since servers under test are shared by many tests. */
export function newBucketName(): string {
  return `contract-${randomUUID()}`;
}

function requireTrueNames(faults: Readonly<Record<string, string>>, tests: readonly ContractTest[]): void {
  const names = new Set(tests.map(({ name }) => name));
  const unknown = Object.keys(faults).filter((name) => !names.has(name));
  if (unknown.length > 0) {
    throw new MatineeError('invalid_config', `no such contract tests: ${unknown.join('; ')}`);
  }
}
