import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hashManifest } from '../../contracts/fill.ts';
import type { PackagedTrack, StoredFile, TaskResult } from '../../contracts/tasks.ts';
import { composeHashes } from './hashes.ts';
import type { Film } from './manifests/film.ts';
import { audio, film, SHEETS, text, track, video } from './manifests/films.testing.ts';
import { composeManifests } from './manifests/manifests.ts';

const ROOT = 'titles/t/';
const digest = (content: string) => createHash('sha256').update(content).digest('base64url');
const stored = (name: string): StoredFile => ({ name, bytes: name.length, sha256: digest(name) });
const filesOf = ({ init, segments }: PackagedTrack) =>
  [init, ...segments.map(({ name }) => name)].map(stored);

/** Five segments of 4 s. */
function longVideo(lines: number) {
  const segments = Array.from({ length: 5 }, () => [96_000, 1000] as const);
  return { ...video(lines), track: track('video', 24_000, segments) };
}

function compose(of: Film) {
  const prefixOf = (path: string) => `${ROOT}1/${path.slice('../'.length)}`;
  const packaged = [...of.video, ...of.audio].map(({ path, track }) => {
    const result: TaskResult = { kind: 'package', track, files: filesOf(track) };
    return { path, prefix: prefixOf(path), result };
  });
  const texts = of.text.map(({ path }) => {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const result: TaskResult = {
      kind: 'extract-text',
      file: 'text.vtt',
      cues: 1,
      files: [stored('text.vtt')],
    };
    return { path: folder, prefix: prefixOf(folder), result };
  });
  const names = ['poster.jpg', ...SHEETS.files];
  const images: TaskResult = {
    kind: 'images',
    poster: 'poster.jpg',
    sheets: SHEETS,
    files: names.map(stored),
  };
  const all = [...packaged, ...texts, { path: '../images/1/', prefix: `${ROOT}1/images/1/`, result: images }];
  const { files } = composeManifests(of);
  const made = composeHashes(ROOT, `${ROOT}1/p1/`, of, files, all);
  return { ...made, manifests: files, read: hashManifest.parse(JSON.parse(made.text)) };
}

test('openings come first, low renditions before high ones, then the rest as it is watched', () => {
  const { read, key, manifests } = compose(
    film({
      video: [longVideo(240), longVideo(480)],
      audio: [audio('a1', { default: true })],
      text: [text('t1')],
    }),
  );
  assert.equal(key, 'titles/t/1/p1/hashes.json');
  const keys = read.files.map(({ key }) => key);
  const of = (path: string, names: string[]) => names.map((name) => `1/${path}/1/${name}`);
  const early = ['init.mp4', '00001.m4s', '00002.m4s', '00003.m4s'];
  assert.deepEqual(keys, [
    ...manifests.map(({ name }) => `1/p1/${name}`),
    ...[...of('a1', early), ...of('240p', early), ...of('480p', early), '1/t1/1/text.vtt'],
    ...of('images', ['poster.jpg', 'sheet-00001.jpg']),
    ...[...of('240p', ['00004.m4s']), ...of('480p', ['00004.m4s'])],
    ...[...of('240p', ['00005.m4s']), ...of('480p', ['00005.m4s']), '1/images/1/sheet-00002.jpg'],
  ]);
  assert.equal(keys.indexOf('1/240p/1/00004.m4s'), read.opening);
  assert.equal(new Set(keys).size, keys.length);
});

test('digests and sizes are those of the bytes, and what is told proves the manifest', () => {
  const { read, text, sha256, size, bytes, manifests } = compose(film());
  const found = read.files.find(({ key }) => key === '1/p1/master.m3u8');
  const master = manifests.find(({ name }) => name === 'master.m3u8')?.text ?? '';
  assert.deepEqual([found?.sha256, found?.size], [digest(master), Buffer.byteLength(master)]);
  assert.equal(read.files.find(({ key }) => key === '1/360p/1/init.mp4')?.sha256, digest('init.mp4'));
  assert.deepEqual([sha256, size], [digest(text), Buffer.byteLength(text)]);
  assert.equal(
    bytes,
    read.files.reduce((sum, file) => sum + file.size, 0),
  );
});

test('files of workers that told no digests are left out', () => {
  const of = film();
  const { files } = composeManifests(of);
  const [{ path, track }] = of.video as [Film['video'][number]];
  const result: TaskResult = { kind: 'package', track };
  const made = composeHashes(ROOT, `${ROOT}1/p1/`, of, files, [{ path, prefix: `${ROOT}1/360p/1/`, result }]);
  const read = hashManifest.parse(JSON.parse(made.text));
  assert.deepEqual([read.files.length, read.opening], [files.length, files.length]);
});
