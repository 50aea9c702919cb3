/** Stated lengths and digests of the contract: what does not match is not stored. */
import assert from 'node:assert/strict';
import { checksumOf } from '../checksums.ts';
import type { BodyChecks, ChecksumKind } from '../objects.ts';
import {
  assertAbsent,
  assertCode,
  bytesAt,
  md5Base64,
  pattern,
  streamed,
  text,
  textAt,
} from './expectations.ts';
import type { ContractTest, Room } from './subject.ts';

const KINDS: readonly ChecksumKind[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];
const BYTES = pattern(300_000, 9);
const OTHER = pattern(300_000, 8);

async function refuses({ store, bucket }: Room, checks: BodyChecks): Promise<void> {
  await assertCode(store.put(bucket, 'bad-whole', BYTES, checks), 'digest_mismatch');
  await assertAbsent(store, { bucket, key: 'bad-whole' });
  await assertCode(store.put(bucket, 'bad-stream', streamed(BYTES), checks), 'digest_mismatch');
  await assertAbsent(store, { bucket, key: 'bad-stream' });
  await store.put(bucket, 'old', text('old'));
  await assertCode(store.put(bucket, 'old', streamed(BYTES), checks), 'digest_mismatch');
  assert.equal(await textAt(store, bucket, 'old'), 'old');
}

async function accepts({ store, bucket }: Room, checks: BodyChecks): Promise<void> {
  await store.put(bucket, 'whole', BYTES, checks);
  await store.put(bucket, 'stream', streamed(BYTES), { length: BYTES.length, ...checks });
  await store.put(bucket, 'unknown', streamed(BYTES), checks);
  for (const key of ['whole', 'stream', 'unknown']) {
    assert.ok((await bytesAt(store, bucket, key)).equals(BYTES), key);
  }
}

export const digestTests: readonly ContractTest[] = [
  {
    name: 'the right length is accepted',
    run: (room) => accepts(room, { length: BYTES.length }),
  },
  {
    name: 'a length that is one too long is digest_mismatch and stores nothing',
    run: (room) => refuses(room, { length: BYTES.length + 1 }),
  },
  {
    name: 'a length that is one too short is digest_mismatch and stores nothing',
    run: (room) => refuses(room, { length: BYTES.length - 1 }),
  },
  {
    name: 'a length of nothing for a body of something is digest_mismatch and stores nothing',
    run: (room) => refuses(room, { length: 0 }),
  },
  {
    name: 'the right MD5 is accepted',
    run: (room) => accepts(room, { md5: md5Base64(BYTES) }),
  },
  {
    name: 'a wrong MD5 is digest_mismatch and stores nothing',
    run: (room) => refuses(room, { md5: md5Base64(OTHER) }),
  },
  ...KINDS.flatMap((kind): ContractTest[] => [
    {
      name: `the right ${kind} is accepted`,
      run: (room) => accepts(room, { checksum: { kind, value: checksumOf(kind, BYTES) } }),
    },
    {
      name: `a wrong ${kind} is digest_mismatch and stores nothing`,
      run: (room) => refuses(room, { checksum: { kind, value: checksumOf(kind, OTHER) } }),
    },
    {
      name: `a ${kind} told after the last byte is accepted when right, digest_mismatch when wrong or missing`,
      run: async (room) => {
        await accepts(room, { checksum: { kind, value: () => checksumOf(kind, BYTES) } });
        await refuses(room, { checksum: { kind, value: () => checksumOf(kind, OTHER) } });
        await refuses(room, { checksum: { kind, value: () => undefined } });
      },
    },
  ]),
  ...KINDS.map(
    (kind): ContractTest => ({
      name: `a stated ${kind} is kept and told by put and head`,
      run: async ({ store, bucket }) => {
        const value = checksumOf(kind, BYTES);
        const put = await store.put(bucket, 'a', BYTES, { checksum: { kind, value } });
        assert.deepEqual(put.checksum, { kind, value });
        assert.deepEqual((await store.head(bucket, 'a')).checksum, { kind, value });
      },
    }),
  ),
  {
    name: 'a late checksum is asked for only after the last byte',
    run: async ({ store, bucket }) => {
      let ended = false;
      async function* body() {
        yield* streamed(BYTES);
        ended = true;
      }
      const value = () => (ended ? checksumOf('CRC32', BYTES) : undefined);
      await store.put(bucket, 'a', body(), { length: BYTES.length, checksum: { kind: 'CRC32', value } });
      assert.equal((await store.head(bucket, 'a')).size, BYTES.length);
    },
  },
  {
    name: 'a part with a wrong length, MD5 or checksum is digest_mismatch and is not kept',
    run: async ({ store, bucket }) => {
      const upload = { bucket, key: 'a', ...(await store.createUpload(bucket, 'a')) };
      const wrong: BodyChecks[] = [
        { length: BYTES.length + 1 },
        { md5: md5Base64(OTHER) },
        { checksum: { kind: 'CRC32C', value: checksumOf('CRC32C', OTHER) } },
        { checksum: { kind: 'SHA256', value: () => checksumOf('SHA256', OTHER) } },
      ];
      for (const checks of wrong) {
        await assertCode(store.putPart(upload, 1, streamed(BYTES), checks), 'digest_mismatch');
      }
      assert.deepEqual((await store.listParts(upload)).parts, []);
      await store.abortUpload(upload);
    },
  },
];
