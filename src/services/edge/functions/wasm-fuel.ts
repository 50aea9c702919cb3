/**
 * Rewrites a WebAssembly module so that it meters itself: every turn of a loop takes one unit from a global `fuel`,
 * every bulk copy one unit per 64 bytes, and a loop that finds it below zero traps. QuickJS asks its interrupt handler
 * only between its own operations; a search through a sparse array of 2^53 elements or a quadratic search in a text is one
 * operation and never asks. The fuel ends those too. It also exports the stack pointer, which a trap leaves in the middle.
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format). It reads no module with vectors, threads or
 * garbage-collected types; it refuses what it does not know.
 */
const SECTION = { import: 2, type: 1, function: 3, global: 6, export: 7, code: 10 } as const;
const OP = { loop: 0x03, prefix: 0xfc, memoryCopy: 10, memoryFill: 11 } as const;
const GLOBAL_KIND = 3;
export const FUEL_EXPORT = 'matinee_fuel';
export const STACK_EXPORT = 'matinee_stack';

/** How many LEB128 numbers follow an opcode, for those with such operands alone; the rest have cases in `skip`. */
const PLAIN_OPERANDS: ReadonlyMap<number, number> = new Map([
  ...numbers(0x02, 0x04, 1),
  ...numbers(0x0c, 0x0d, 1),
  ...numbers(0x10, 0x10, 1),
  ...numbers(0x11, 0x11, 2),
  ...numbers(0x20, 0x26, 1),
  ...numbers(0x28, 0x3e, 2),
  ...numbers(0x3f, 0x42, 1),
  ...numbers(0xd0, 0xd0, 1),
  ...numbers(0xd2, 0xd2, 1),
  ...[0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].map((op) => [op, 0] as const),
  ...numbers(0x45, 0xc4, 0),
]);
/** The same for the operations behind the prefix 0xfc. */
const PREFIXED_OPERANDS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

export function meterFuel(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(wasm, 8);
  const out: Uint8Array[] = [wasm.subarray(0, 8)];
  const parameters: number[] = [];
  let types: number[] = [];
  let globals = 0;
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const size = reader.u32();
    const section = new Reader(wasm, reader.at, reader.at + size);
    reader.at += size;
    let body: Uint8Array = wasm.subarray(section.at, reader.at);
    if (id === SECTION.type) readTypes(section, parameters);
    else if (id === SECTION.import) refuseImportedGlobals(section);
    else if (id === SECTION.function) types = section.vector(() => section.u32());
    else if (id === SECTION.global) {
      globals = new Reader(wasm, section.at).u32();
      if (globals !== 1) throw new Error('the stack pointer is not the only global of the module');
      body = appended(section, globals, [[0x7f, 0x01, 0x41, 0x00, 0x0b]]);
    } else if (id === SECTION.export) {
      const count = new Reader(wasm, section.at).u32();
      body = appended(section, count, [exported(STACK_EXPORT, 0), exported(FUEL_EXPORT, globals)]);
    } else if (id === SECTION.code) {
      const bodies = section.vector((i) =>
        meteredBody(section, parameters[types[i] as number] as number, globals),
      );
      body = Buffer.concat([leb(bodies.length), ...bodies]);
    }
    out.push(Uint8Array.of(id), leb(body.length), body);
  }
  return new Uint8Array(Buffer.concat(out));
}

/** One function: its locals with one more, its code with the meter in it. */
function meteredBody(reader: Reader, parameters: number, fuel: number): Uint8Array {
  const size = reader.u32();
  const end = reader.at + size;
  const { bytes } = reader;
  const groupsAt = reader.at;
  const groups = reader.u32();
  const groupsFrom = reader.at;
  let spare = parameters;
  for (let i = 0; i < groups; i++) {
    spare += reader.u32();
    reader.at++;
  }
  const parts: Uint8Array[] = [];
  const turn = loopMeter(fuel);
  const bulk = bulkMeter(fuel, spare);
  let copied = reader.at;
  let bulks = 0;
  while (reader.at < end) {
    const at = reader.at;
    const op = reader.byte();
    const sub = op === OP.prefix ? reader.u32() : -1;
    skip(reader, op, sub);
    if (op === OP.loop) {
      parts.push(bytes.subarray(copied, reader.at), turn);
      copied = reader.at;
    } else if (sub === OP.memoryCopy || sub === OP.memoryFill) {
      parts.push(bytes.subarray(copied, at), bulk);
      copied = at;
      bulks++;
    }
  }
  if (parts.length === 0) return Buffer.concat([leb(size), bytes.subarray(groupsAt, end)]);
  const locals = bulks === 0 ? [leb(groups)] : [leb(groups + 1)];
  const code = bytes.subarray(groupsFrom, codeStart(bytes, groupsFrom, groups));
  const extra = bulks === 0 ? [] : [Uint8Array.of(1, 0x7f)];
  const body = Buffer.concat([...locals, code, ...extra, ...parts, bytes.subarray(copied, end)]);
  return Buffer.concat([leb(body.length), body]);
}

function codeStart(bytes: Uint8Array, at: number, groups: number): number {
  const reader = new Reader(bytes, at);
  for (let i = 0; i < groups; i++) {
    reader.u32();
    reader.at++;
  }
  return reader.at;
}

/** if (fuel < 0) trap; fuel -= 1 */
function loopMeter(fuel: number): Uint8Array {
  const global = leb(fuel);
  return Buffer.from([
    ...[0x23, ...global, 0x41, 0x00, 0x48, 0x04, 0x40, 0x00, 0x0b],
    ...[0x23, ...global, 0x41, 0x01, 0x6b, 0x24, ...global],
  ]);
}

/** With a byte count on the stack: fuel -= count >> 6; the count stays. */
function bulkMeter(fuel: number, spare: number): Uint8Array {
  const global = leb(fuel);
  const local = leb(spare);
  return Buffer.from([
    ...[0x21, ...local, 0x23, ...global, 0x20, ...local],
    ...[0x41, 0x06, 0x76, 0x6b, 0x24, ...global, 0x20, ...local],
  ]);
}

/** Moves past the operands of an instruction. */
function skip(reader: Reader, op: number, sub: number): void {
  let operands = sub >= 0 ? PREFIXED_OPERANDS[sub] : PLAIN_OPERANDS.get(op);
  if (op === 0x43) reader.at += 4;
  else if (op === 0x44) reader.at += 8;
  else if (op === 0x0e) operands = reader.u32() + 1;
  else if (op === 0x1c) operands = reader.u32();
  else if (operands === undefined) throw new Error(`unknown WebAssembly operation 0x${op.toString(16)}`);
  for (let i = operands ?? 0; i > 0; i--) reader.u32();
}

function readTypes(reader: Reader, parameters: number[]): void {
  reader.vector(() => {
    if (reader.byte() !== 0x60) throw new Error('a type of the module is no function');
    const count = reader.u32();
    reader.pass(count);
    reader.pass(reader.u32());
    parameters.push(count);
  });
}

/** Imported globals would shift the index of ours. */
function refuseImportedGlobals(reader: Reader): void {
  reader.vector(() => {
    reader.pass(reader.u32());
    reader.pass(reader.u32());
    const kind = reader.byte();
    if (kind === 0) reader.u32();
    else if (kind === 2) for (let limits = reader.byte() & 1; limits >= 0; limits--) reader.u32();
    else throw new Error('the module imports more than functions and memory');
  });
}

/** A vector section with entries added behind. */
function appended(section: Reader, count: number, entries: number[][]): Uint8Array {
  section.u32();
  const old = section.bytes.subarray(section.at, section.end);
  return Buffer.concat([leb(count + entries.length), old, Buffer.from(entries.flat())]);
}

function exported(name: string, index: number): number[] {
  return [name.length, ...Buffer.from(name, 'latin1'), GLOBAL_KIND, ...leb(index)];
}

function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function numbers(first: number, last: number, operands: number): Array<readonly [number, number]> {
  return Array.from({ length: last - first + 1 }, (_, i) => [first + i, operands] as const);
}

class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  pass(count: number): void {
    this.at += count;
  }

  /** An unsigned LEB128 number; used too to pass signed and long ones, whose value is of no interest. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  vector<T>(read: (index: number) => T): T[] {
    return Array.from({ length: this.u32() }, (_, index) => read(index));
  }
}
