import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeStorage } from './fake-server.testing.ts';
import { createRateMeter } from './rate-meter.ts';
import { createRememberedUploads } from './remembered-uploads.ts';

const upload = (id: string, fields: object = {}) => ({
  ...{ uploadId: id, titleId: 't', name: `${id}.mp4`, size: 5, lastModified: 7, at: 0 },
  ...fields,
});

test('a file is found by name, size and time of change; another begin of it replaces the first', () => {
  const memory = createRememberedUploads(createFakeStorage(), () => 0);
  memory.keep(upload('a'));
  assert.equal(memory.find({ name: 'a.mp4', size: 5, lastModified: 7 })?.uploadId, 'a');
  assert.equal(memory.find({ name: 'a.mp4', size: 5, lastModified: 8 }), undefined);
  memory.keep(upload('b', { name: 'a.mp4' }));
  assert.deepEqual(
    memory.all().map(({ uploadId }) => uploadId),
    ['b'],
  );
  memory.forget('b');
  assert.deepEqual(memory.all(), []);
});

test('the memory is bounded in count and age, and bears storage that is broken', () => {
  let now = 0;
  const memory = createRememberedUploads(createFakeStorage(), () => now);
  for (let count = 0; count < 40; count++) memory.keep(upload(`u${count}`));
  assert.equal(memory.all().length, 30);
  assert.equal(memory.all()[0]?.uploadId, 'u10');
  now = 8 * 24 * 3600 * 1000;
  assert.deepEqual(memory.all(), []);
  const broken = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const without = createRememberedUploads({ getItem: broken, setItem: broken }, () => 0);
  without.keep(upload('a'));
  assert.deepEqual(without.all(), []);
  const odd = createRememberedUploads({ getItem: () => '{"x":1}', setItem: () => undefined }, () => 0);
  assert.deepEqual(odd.all(), []);
});

test('speed is measured over the last seconds and sinks while nothing moves', () => {
  let now = 0;
  const meter = createRateMeter(() => now);
  assert.equal(meter.rate(), null);
  for (; now <= 20_000; now += 500) meter.record(now * 2);
  now = 20_000;
  assert.equal(Math.round(meter.rate() ?? 0), 2000);
  now = 30_000;
  assert.equal(Math.round(meter.rate() ?? 0), 1000);
  meter.reset();
  assert.equal(meter.rate(), null);
});
