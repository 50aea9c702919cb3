/** The meter that is written into WebAssembly: loops and bulk copies cost, and nothing goes on without fuel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FUEL_EXPORT, meterFuel, STACK_EXPORT } from './wasm-fuel.ts';

function section(id: number, ...bytes: number[]): number[] {
  return [id, bytes.length, ...bytes];
}

function body(...code: number[]): number[] {
  return [code.length, ...code];
}

/**
 * (module (memory 1) (global (mut i32) (i32.const 7))
 *   (func (export "f") (param i32) loop  local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0  end)
 *   (func (export "c") (param i32) i32.const 0  i32.const 0  local.get 0  memory.copy
 *     loop end))
 */
const MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 1, 0x7f, 0),
  ...section(3, 2, 0, 0),
  ...section(5, 1, 0, 1),
  ...section(6, 1, 0x7f, 1, 0x41, 7, 0x0b),
  ...section(7, 2, 1, 0x66, 0, 0, 1, 0x63, 0, 1),
  ...section(
    10,
    2,
    ...body(0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b),
    ...body(1, 2, 0x7e, 0x41, 0, 0x41, 0, 0x20, 0, 0xfc, 10, 0, 0, 0x03, 0x40, 0x0b, 0x0b),
  ),
]);

function load() {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(meterFuel(MODULE)));
  const { f, c } = exports as Record<string, (count: number) => void>;
  assert.ok(f && c);
  return { turns: f, copies: c, fuel: exports[FUEL_EXPORT] as WebAssembly.Global, exports };
}

test('each turn of a loop takes one unit, and a loop without fuel traps', () => {
  const { turns, fuel } = load();
  fuel.value = 100;
  turns(40);
  assert.equal(fuel.value, 60);
  assert.throws(() => turns(1000), WebAssembly.RuntimeError);
  assert.equal(fuel.value, -1);
  assert.throws(() => turns(1), WebAssembly.RuntimeError);
  fuel.value = 10;
  turns(10);
  assert.equal(fuel.value, 0);
});

test('a bulk copy takes a unit for 64 bytes', () => {
  const { copies, fuel } = load();
  fuel.value = 100;
  copies(640);
  assert.equal(fuel.value, 89);
  assert.throws(() => copies(6400), WebAssembly.RuntimeError);
});

test('the stack pointer is laid open as it was', () => {
  assert.equal((load().exports[STACK_EXPORT] as WebAssembly.Global).value, 7);
});

test('a module that is not understood is refused', () => {
  const unknown = Uint8Array.from(MODULE);
  unknown[unknown.indexOf(0x6b)] = 0xfd;
  assert.throws(() => meterFuel(unknown), /unknown WebAssembly operation/);
});
