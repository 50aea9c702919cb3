/** An encrypted title through the real studio: where its keys are and never are, and who vouches for its files. */
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import { contentKeyContext, type SampleKey, type WrappedContentKey } from '../../contracts/content-keys.ts';
import type { Publication } from '../../contracts/titles.ts';
import { systemClock } from '../../platform/clock.ts';
import type { FakeTitle } from './fake-catalog.ts';
import { createManifestSigner } from './manifest-signer.ts';
import { isReady, openRig, type Rig } from './rig.testing.ts';
import { someAudio } from './studio.testing.ts';

let rig: Rig;
before(async () => {
  rig = await openRig({ encryption: 'cbcs', workKeptS: 3600 });
});
after(() => rig?.[Symbol.asyncDispose]());

/** What workers were given, by the track that it was for. */
function keysGiven(title: string): Map<string, SampleKey> {
  const given = new Map<string, SampleKey>();
  for (const { task, spec } of rig.fleet.leases) {
    if (!task.startsWith(title)) continue;
    if (spec.kind === 'package' && spec.encryption) given.set(spec.media, spec.encryption);
    if (spec.kind === 'first-light' && spec.encryption) {
      given.set('light', spec.encryption.video);
      given.set('audio', spec.encryption.audio);
    }
  }
  return given;
}
const secretOf = async (title: string, { keyId, wrapped }: WrappedContentKey) =>
  Buffer.from(
    await rig.contentKeys.unwrap(Buffer.from(wrapped, 'base64'), contentKeyContext(title, keyId)),
  ).toString('hex');

test('workers get keys, publications name them and carry them wrapped, rows hold none in clear', async () => {
  await rig.put('locked.mp4', { durationS: 10, width: 1280, height: 720, audio: [someAudio({ index: 1 })] });
  const { id, now, publications } = await rig.until('locked.mp4', isReady);
  assert.equal(now.state, 'ready');
  const given = keysGiven(id);
  const [light, video, audio] = ['light', 'video', 'audio'].map((kind) => given.get(kind));
  assert.ok(light && video && audio);
  assert.equal(new Set([light, video, audio].map(({ keyId }) => keyId)).size, 3, '360 and 720 lines differ');
  const { contentKeys = [], hls = '', dash = '' } = publications.at(-1) ?? {};
  for (const { keyId, key } of given.values()) {
    const stored = contentKeys.find((one) => one.keyId === keyId);
    assert.equal(await secretOf(id, stored as WrappedContentKey), key);
  }
  const manifests = [await rig.text(hls), await rig.text(dash)];
  for (const { keyId } of given.values()) {
    assert.ok(manifests[0]?.includes(`URI="keys/${keyId}"`));
    assert.ok(manifests[1]?.replaceAll('-', '').includes(keyId));
  }
  const rows = await Promise.all([
    rig.db.selectFrom('studio.tasks').selectAll().execute(),
    rig.db.selectFrom('studio.titles').selectAll().execute(),
    rig.db.selectFrom('studio.jobs').selectAll().execute(),
  ]);
  const stored = JSON.stringify(rows) + manifests.join('');
  for (const { key } of given.values()) assert.equal(stored.includes(key), false, 'a key in clear');
});

test('an encode of the same master has the same keys; another master has others', async () => {
  const title = rig.catalog.titleOf('locked.mp4') as FakeTitle;
  const newest = () => title.publications.at(-1) as Publication;
  const keysOf = () => newest().contentKeys?.map(({ keyId }) => keyId) ?? [];
  const grown = async (than: number) => {
    for (const end = Date.now() + 15_000; newest().number <= than || !isReady(title); ) {
      assert.ok(Date.now() < end, 'never published anew');
      await systemClock.sleep(20);
    }
  };
  const first = keysOf();
  assert.ok(first.length > 0);
  const { number } = newest();
  await rig.jobs.reencodeTitle({ body: { title: title.id } });
  await grown(number);
  assert.deepEqual(keysOf(), first);
  const next = newest().number;
  await rig.put('locked.mp4', { durationS: 11, width: 1280, height: 720 });
  await grown(next);
  assert.equal(
    keysOf()?.some((keyId) => first?.includes(keyId)),
    false,
  );
});

test('the manifest of hashes is signed by the key that the studio tells, again and by another studio', async () => {
  await rig.put('signed.mp4', { durationS: 10 });
  const { id } = await rig.until('signed.mp4', isReady);
  for (const end = Date.now() + 5000; !rig.announced.has(id); await systemClock.sleep(20))
    assert.ok(Date.now() < end, 'edges were not told');
  const { hashes, signature } = rig.announced.get(id) ?? assert.fail();
  const told = JSON.parse(await rig.text(hashes.replace(/[^/]+$/, 'hashes.sig.json')));
  assert.deepEqual(told, signature);
  const { keys } = await (await rig.ask('/api/manifest-keys')).json();
  const x = keys.find((key: { id: string }) => key.id === signature?.keyId)?.publicKey;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const text = Buffer.from(await rig.text(hashes));
  const value = Buffer.from(signature?.value ?? '', 'base64url');
  assert.ok(verify(null, text, key, value));
  assert.equal(verify(null, Buffer.from(`${text} `), key, value), false);
  const { db, contentKeys } = rig;
  const others = await Promise.all(
    [1, 2].map(() => createManifestSigner({ db, keys: contentKeys }).sign(text.toString())),
  );
  assert.deepEqual(others, [signature, signature]);
});
