import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatineeError } from '../../platform/errors.ts';
import { checksumOf, createBodyDigest, createChecksum } from './checksums.ts';
import type { ChecksumKind } from './objects.ts';

/** Check values of "123456789" from the CRC catalogue (reveng) and the NIST hash examples. */
const CHECK_VALUES: Record<ChecksumKind, string> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};

for (const [kind, hex] of Object.entries(CHECK_VALUES) as Array<[ChecksumKind, string]>) {
  test(`${kind} gives its published check value`, () => {
    assert.equal(Buffer.from(checksumOf(kind, Buffer.from('123456789')), 'base64').toString('hex'), hex);
  });

  test(`${kind} is the same however the bytes are cut`, () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 131) & 255));
    for (const cut of [1, 3, 7, 8, 9, 64, 999]) {
      const checksum = createChecksum(kind);
      for (let at = 0; at < bytes.length; at += cut) checksum.update(bytes.subarray(at, at + cut));
      assert.equal(checksum.digest().toString('base64'), checksumOf(kind, bytes), `cut every ${cut}`);
    }
  });
}

test('a body that grows past its stated length is refused before its end', () => {
  const digest = createBodyDigest({ length: 3 });
  digest.update(Buffer.from('abc'));
  assert.throws(
    () => digest.update(Buffer.from('d')),
    (error) => isMatineeError(error, 'digest_mismatch'),
  );
});

test('a promised checksum that never came is a mismatch', () => {
  const digest = createBodyDigest({ checksum: { kind: 'CRC32', value: () => undefined } });
  digest.update(Buffer.from('abc'));
  assert.throws(
    () => digest.finish(),
    (error) => isMatineeError(error, 'digest_mismatch'),
  );
});
