import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { openAwsObjects } from './aws.ts';
import { createS3Client } from './aws-client.ts';
import { createAwsCopy } from './aws-copy.ts';
import { assertCode, bytesAt, PART_BYTES, pattern } from './contract/expectations.ts';
import { motoMissing, startMoto } from './moto.testing.ts';

test('a source too large for one request is copied in parts, with its attributes', {
  skip: motoMissing(),
}, async (t) => {
  const moto = await startMoto();
  t.after(() => moto.stop());
  const options = {
    endpoint: moto.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
    clock: systemClock,
  };
  const store = await openAwsObjects(options);
  const client = createS3Client(options);
  t.after(() => client.destroy());
  const sizes = { singleBytesMax: PART_BYTES, partBytes: PART_BYTES };
  const copy = createAwsCopy(client, store, systemClock, sizes);
  await store.createBucket('films');
  const bytes = pattern(2 * PART_BYTES + 77);
  await store.put('films', 'a b', bytes, { contentType: 'video/mp4', metadata: { n: '1' } });

  const copied = await copy({ bucket: 'films', key: 'a b' }, { bucket: 'films', key: 'copy' });
  assert.ok(copied.etag.endsWith('-3"'));
  assert.ok((await bytesAt(store, 'films', 'copy')).equals(bytes));
  const head = await store.head('films', 'copy');
  assert.deepEqual([head.size, head.contentType, head.metadata], [bytes.length, 'video/mp4', { n: '1' }]);

  const missing = copy({ bucket: 'films', key: 'a b' }, { bucket: 'no-such-bucket', key: 'copy' });
  await assertCode(missing, 'bucket_missing');
  await store.close();
});
