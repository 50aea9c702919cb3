/** The real traces are read where they are; where they are not, their rows must say so instead of failing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realTraces } from './real-traces.ts';

test('each real trace is there with sizes for all that is asked for, or says why it is not', () => {
  const found = realTraces();
  assert.equal(found.length, 2);
  for (const { name, trace } of found) {
    if (typeof trace === 'string') {
      assert.match(trace, /not/, name);
      continue;
    }
    assert.ok(trace.objects.length > 50_000, name);
    assert.ok(
      trace.objects.every((object) => (trace.sizes[object] ?? 0) > 0),
      name,
    );
  }
});
