import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Title } from '../../../contracts/titles.ts';
import { createLibraryReader, layOver } from './library-reader.ts';

function made(number: number, fields: Partial<Title> = {}): Title {
  const at = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
  return {
    id: String(number).padStart(26, '0'),
    name: `Film ${number}`,
    state: 'ready',
    progress: 1,
    stage: '',
    etaS: null,
    durationS: 60,
    playableS: null,
    width: 1280,
    height: 720,
    reason: null,
    reasonCode: null,
    bytes: null,
    bytesExpected: null,
    source: { bucket: 'b', key: `${number}.mp4` },
    poster: null,
    renditions: ['720p'],
    audioLanguages: [],
    captionLanguages: [],
    attribution: null,
    createdAt: at,
    updatedAt: at,
    ...fields,
  };
}

const ids = (titles: readonly Title[]) => titles.map(({ id }) => Number(id));

test('newest titles replace what was known of them; what they lack and should hold is gone', () => {
  const known = [5, 4, 3, 2, 1].map((number) => made(number));
  const newest = [made(6), made(5, { name: 'New name' }), made(3)];
  const laid = layOver(known, newest);
  assert.deepEqual(ids(laid), [6, 5, 3, 2, 1]);
  assert.equal(laid[1]?.name, 'New name');
  assert.deepEqual(layOver(known, []), []);
});

test('a full round follows the pages; rounds soon after ask for the newest alone', async () => {
  const films = Array.from({ length: 700 }, (_, index) => made(700 - index));
  const asked: string[] = [];
  let now = 0;
  const read = createLibraryReader(
    async (path) => {
      asked.push(path);
      const query = new URL(path, 'http://h').searchParams;
      const from = query.get('after') ? films.findIndex(({ id }) => id === query.get('after')) + 1 : 0;
      const titles = films.slice(from, from + Number(query.get('limit')));
      const next = from + titles.length < films.length ? (titles.at(-1)?.id ?? null) : null;
      return Response.json({ titles, next });
    },
    () => now,
  );
  const { signal } = new AbortController();
  const first = await read(undefined, signal);
  assert.equal(first.length, 700);
  assert.equal(asked.length, 2);
  films.unshift(made(701));
  const second = await read(first, signal);
  assert.deepEqual(ids(second).slice(0, 2), [701, 700]);
  assert.equal(second.length, 701);
  assert.equal(asked.length, 3);
  now = 60_000;
  films.pop();
  assert.equal((await read(second, signal)).length, 700);
  assert.equal(asked.length, 5);
});
