/** The sandbox from below: what a call leaves in the memory of its instance, and when the clock and the host end one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEngine } from './engine.ts';
import { FUNCTION_LIMITS } from './limits.ts';
import { Sandbox, type SandboxOptions } from './sandbox.ts';

const engine = await openEngine();

async function open(code: string, options: Partial<SandboxOptions> = {}) {
  const instance = await engine.instantiate(FUNCTION_LIMITS.memoryBytesMax);
  const stackTop = instance.stack.value;
  const sandbox = new Sandbox(instance, {
    code,
    fileName: 'f.js',
    limits: FUNCTION_LIMITS,
    kvs: undefined,
    monotonic: () => performance.now(),
    ...options,
  });
  assert.equal(sandbox.load(), undefined);
  /** Static data and heap, as far as they were used when the code was loaded. */
  const state = () => {
    const { buffer } = instance.memory;
    const dataBytes = stackTop - 5 * 1024 * 1024;
    const heap = new Uint8Array(buffer, stackTop, sandbox.snapshotBytes - dataBytes);
    return Buffer.concat([new Uint8Array(buffer, 0, dataBytes), heap]);
  };
  const call = (event: unknown) => sandbox.call(JSON.stringify({ now: 0, seed: 0, event }));
  return { instance, sandbox, stackTop, state, call };
}

const ENDS = `
const held = [];
async function handler(how) {
  held.push(how);
  if (how === 'return') return { how };
  if (how === 'throw') throw new Error(how);
  if (how === 'loop') for (;;);
  if (how === 'native') Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
  if (how === 'recurse') { const down = () => down() + 1; down(); }
  if (how === 'grow') for (;;) held.push(new Uint8Array(10000));
  if (how === 'host') for (;;) try { btoa('x'.repeat(1000)); } catch { }
}`;

test('memory and stack pointer are the same after every kind of end', async () => {
  const { instance, stackTop, state, call } = await open(ENDS);
  const before = state();
  for (const how of ['return', 'throw', 'loop', 'native', 'recurse', 'grow', 'host', 'return']) {
    const { json, failure } = call(how);
    assert.equal(json === undefined, how !== 'return', `${how}: ${JSON.stringify(failure)}`);
    assert.equal(instance.stack.value, stackTop, how);
    assert.ok(state().equals(before), how);
  }
});

test('a call is late by the clock when it has worked, and when the clock has gone far past', async () => {
  let nowMs = 0;
  let stepMs = 0;
  const monotonic = () => {
    nowMs += stepMs;
    return nowMs;
  };
  const { call } = await open('function handler(n) { let i = 0; while (i < n) i++; return { i }; }', {
    monotonic,
  });
  stepMs = 6;
  nowMs = 0;
  assert.equal(call(3e6).failure?.reason, 'timeout');
  assert.ok(nowMs > 6 && nowMs < 100, `it had worked a fifth of its time long before ${nowMs} ms`);
  stepMs = 15;
  // Some work while the machine was busy with others: tens of milliseconds on the clock, little of it ours.
  assert.equal(call(15000).json, '{"i":15000}');
  stepMs = 1e6;
  assert.equal(call(15000).failure?.reason, 'timeout');
});

test('a guest that is late does not come back from the host', async () => {
  let nowMs = 0;
  let stepMs = 0;
  const monotonic = () => {
    nowMs += stepMs;
    return nowMs;
  };
  const code = `function handler() { for (;;) try { console.log('x'); } catch { } }`;
  const { sandbox, call } = await open(code, { monotonic });
  stepMs = 10;
  assert.equal(call(0).failure?.reason, 'timeout');
  // Twenty times 5 ms are over after some ten looks at the clock.
  assert.ok(sandbox.logs.length > 1 && sandbox.logs.length < 20, String(sandbox.logs.length));
});

test('top-level code that spends its fuel at the host is refused like any other that takes too long', async () => {
  const instance = await engine.instantiate(FUNCTION_LIMITS.memoryBytesMax);
  const limits = { ...FUNCTION_LIMITS, loadMs: 1 };
  const code = `for (;;) try { btoa('x'.repeat(100000)); } catch { }\nfunction handler() {}`;
  const options = { code, fileName: 'f.js', limits, kvs: undefined, monotonic: () => 0 };
  assert.equal(new Sandbox(instance, options).load()?.reason, 'timeout');
});

test('without a clock that moves the fuel ends a call', async () => {
  const { call, sandbox } = await open(ENDS, { monotonic: () => 0 });
  for (const how of ['loop', 'native', 'host']) {
    assert.equal(call(how).failure?.reason, 'timeout', how);
    assert.equal(sandbox.utilisation, 100);
  }
});
