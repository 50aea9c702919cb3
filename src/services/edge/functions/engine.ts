/**
 * Loads QuickJS once, with the fuel meter built in, and makes instances of it that share the compiled code. An instance
 * has its memory, stack pointer and fuel laid open, so that its owner can put it back to an earlier state after any
 * kind of end. Nothing here knows of functions or HTTP.
 */
import { readFile } from 'node:fs/promises';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { FUEL_EXPORT, meterFuel, STACK_EXPORT } from './wasm-fuel.ts';

export const PAGE_BYTES = 64 * 1024;
/** What the module asks for at least: 16 MiB of address space, of which the system gives what is touched. */
const PAGES_MIN = 256;
/** The part of that which the heap does not get: static data and Emscripten's stack. */
const PAGES_BELOW_HEAP = 82;
export const FUEL_MAX = 0x7fffffff;

/** Told when the guest calls the host and when the host is done. A `leave` that throws ends the guest, who cannot catch it. */
export type Border = { enter(): void; leave(): void };

export type Instance = {
  border: Border | undefined;
  quickjs: QuickJSWASMModule;
  memory: WebAssembly.Memory;
  fuel: WebAssembly.Global<'i32'>;
  stack: WebAssembly.Global<'i32'>;
};

export type Engine = {
  /** The heap has four times `heapBytes`: copies on the way in and out stand beside what QuickJS counts. */
  instantiate(heapBytes: number): Promise<Instance>;
};

export async function openEngine(): Promise<Engine> {
  const path = new URL(import.meta.resolve('@jitl/quickjs-wasmfile-release-sync/wasm'));
  const compiled = await WebAssembly.compile(meterFuel(await readFile(path)));
  return { instantiate: (heapBytes) => instantiate(compiled, heapBytes) };
}

async function instantiate(compiled: WebAssembly.Module, heapBytes: number): Promise<Instance> {
  const pages = Math.max(PAGES_MIN, PAGES_BELOW_HEAP + Math.ceil((4 * heapBytes) / PAGE_BYTES));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  let exports: WebAssembly.Exports = {};
  const owned: { border: Border | undefined } = { border: undefined };
  const instantiateWasm = (imports: WebAssembly.Imports, ready: (instance: WebAssembly.Instance) => void) => {
    const instance = new WebAssembly.Instance(compiled, bordered(imports, owned));
    exports = instance.exports;
    (exports[FUEL_EXPORT] as WebAssembly.Global).value = FUEL_MAX;
    ready(instance);
    return exports;
  };
  // The package's types describe its CommonJS form; what is loaded is the variant itself.
  const release = variant as unknown as QuickJSSyncVariant;
  // QuickJS's C library would write to the console of the edge; a sandbox has none.
  const silent = { print: () => {}, printErr: () => {} };
  const emscriptenModule = { ...silent, wasmMemory: memory, instantiateWasm };
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(release, { emscriptenModule }));
  return Object.assign(owned, {
    quickjs,
    memory,
    fuel: exports[FUEL_EXPORT] as WebAssembly.Global<'i32'>,
    stack: exports[STACK_EXPORT] as WebAssembly.Global<'i32'>,
  });
}

/** The same imports, with the border told of each call of them. */
function bordered(imports: WebAssembly.Imports, owned: { border: Border | undefined }): WebAssembly.Imports {
  const watched = (call: WebAssembly.ImportValue): WebAssembly.ImportValue => {
    if (typeof call !== 'function') return call;
    return (...args: unknown[]) => {
      const { border } = owned;
      border?.enter();
      try {
        return call(...args);
      } finally {
        border?.leave();
      }
    };
  };
  return Object.fromEntries(
    Object.entries(imports).map(([module, calls]) => [
      module,
      Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, watched(call)])),
    ]),
  );
}
