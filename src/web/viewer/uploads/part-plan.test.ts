import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldBytes, missingParts } from './part-plan.ts';

const part = (partNumber: number, size: number) => ({ partNumber, size, etag: '"x"' });

test('what the store holds is not sent again; the last part is as short as it is', () => {
  const upload = { size: 25, partBytes: 10, parts: [part(1, 10), part(3, 5)] };
  assert.deepEqual(missingParts(upload), [{ partNumber: 2, from: 10, to: 20 }]);
  assert.equal(heldBytes(upload), 15);
});

test('a part of another size than planned does not count', () => {
  const upload = { size: 20, partBytes: 10, parts: [part(1, 9), part(2, 10), part(7, 10)] };
  assert.deepEqual(missingParts(upload), [{ partNumber: 1, from: 0, to: 10 }]);
  assert.equal(heldBytes(upload), 10);
});
