import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSPECT, urgency } from './urgency.ts';

test('what a viewer waits for goes first', () => {
  const order = [
    INSPECT,
    urgency({ part: 'first-light' }, true),
    urgency({ part: 'first-light' }),
    urgency({ part: 'rung', index: 1 }, true),
    urgency({ part: 'rung', index: 4 }, true),
    urgency({ part: 'images' }),
    urgency({ part: 'rung', index: 1 }),
    urgency({ part: 'rung', index: 4 }),
  ];
  assert.deepEqual(
    order,
    order.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(order).size, order.length);
});
