/**
 * One function's code in an instance of QuickJS of its own. Its top-level code runs once; then the memory is remembered, and
 * every call starts from there, so that no call sees anything of another. A call ends at its deadline (QuickJS's
 * interrupt handler), or out of fuel where QuickJS does not ask, out of memory or out of stack, and leaves no trace.
 * It knows texts of JSON only; what they mean is checked by the caller.
 */
import { readFileSync } from 'node:fs';
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime } from 'quickjs-emscripten-core';
import { type Border, type Engine, FUEL_MAX, type Instance } from './engine.ts';
import { moduleSource } from './guest-modules.ts';
import { HostCalls } from './host-calls.ts';
import type { KeyValueStore } from './key-value-store.ts';
import type { FunctionLimits } from './limits.ts';
import { type Failure, failureOf, GAVE_UP, TOO_DEEP, TOO_LATE, threw } from './sandbox-failure.ts';
import { Snapshot } from './snapshot.ts';

/** Units that QuickJS's main loop burns in a millisecond, measured on a 3 GHz core; native loops burn about as many. */
const FUEL_PER_MS = 250_000;
/** Fuel is the second line, for where the deadline goes unnoticed; a faster machine than that one has room up to here. */
const FUEL_MARGIN = 3;
/** A call is late by the clock only if it has worked for this share of its time: else the machine was busy with others. */
const WORKED_SHARE = 0.2;
/** Past this many times its time it is late however little it worked. */
const STALL_FACTOR = 20;
/** A byte that the host moves or digests, in units of fuel. */
const BYTES_PER_FUEL = 16;
const EXPORT_NAME = '__matinee_handler';

export type SandboxOutcome = { json: string; failure?: undefined } | { json?: undefined; failure: Failure };
export type SandboxOptions = {
  code: string;
  fileName: string;
  limits: FunctionLimits;
  kvs: KeyValueStore | undefined;
  monotonic(): number;
};

/** Resolves with a sandbox, or with why the code cannot be one. */
export async function openSandbox(engine: Engine, options: SandboxOptions): Promise<Sandbox | Failure> {
  const sandbox = new Sandbox(await engine.instantiate(options.limits.memoryBytesMax), options);
  return sandbox.load() ?? sandbox;
}

export class Sandbox implements Border {
  readonly #instance: Instance;
  readonly #options: SandboxOptions;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #host: HostCalls;
  readonly #stackTop: number;
  #run: QuickJSHandle | undefined;
  #take: QuickJSHandle | undefined;
  #snapshot: Snapshot | undefined;
  #allowedMs = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #fuel = FUEL_MAX;
  #used = 0;
  /** How deep host and guest are in calls of each other; what fuel and bytes were when the host was entered. */
  #depth = 0;
  #left = FUEL_MAX;
  #hostBytes = 0;
  #late = false;

  constructor(instance: Instance, options: SandboxOptions) {
    const { limits, kvs } = options;
    this.#instance = instance;
    this.#options = options;
    this.#stackTop = instance.stack.value;
    this.#runtime = instance.quickjs.newRuntime({
      memoryLimitBytes: limits.memoryBytesMax,
      maxStackSizeBytes: limits.stackBytesMax,
      interruptHandler: () => this.#isLate(this.#left),
    });
    this.#context = this.#runtime.newContext();
    this.#host = new HostCalls(this.#context, limits, kvs);
    instance.border = this;
    this.#runtime.setModuleLoader(
      (name) => moduleSource(name),
      (_base, name) => name,
    );
  }

  /** What `console.log` was told in the last call. */
  get logs(): readonly string[] {
    return this.#host.logs;
  }

  /** Share of the allowed work that the last call took, as a whole percentage. CloudFront's "compute utilization". */
  get utilisation(): number {
    return Math.min(100, Math.ceil((100 * this.#used) / (this.#options.limits.callMs * FUEL_PER_MS)));
  }

  /** Bytes that are put back after each call. */
  get snapshotBytes(): number {
    return this.#snapshot?.bytes ?? 0;
  }

  /** Runs the top-level code and remembers the state after it. Returns why that failed. */
  load(): Failure | undefined {
    const { code, fileName, limits } = this.#options;
    try {
      const doors = this.#prepare();
      this.#begin(limits.loadMs);
      // The export stands on the line of the code's end, so that line numbers stay those of the author.
      const source = `${code}\n;export { handler as ${EXPORT_NAME} };`;
      const evaluated = this.#context.evalCode(source, fileName, { type: 'module' });
      if (evaluated.error) return this.#failure(evaluated.error);
      const jobs = this.#runtime.executePendingJobs();
      if (jobs.error) return this.#failure(jobs.error);
      const state = this.#context.getPromiseState(evaluated.value);
      if (state.type === 'rejected') return this.#failure(state.error);
      if (state.type === 'pending') return threw('the top-level code waits for something that never comes');
      const handler = this.#context.getProp(state.value, EXPORT_NAME);
      const installed = this.#context.callFunction(
        this.#context.getProp(doors, 'install'),
        this.#context.undefined,
        handler,
      );
      if (installed.error) return this.#failure(installed.error);
      this.#snapshot = new Snapshot(this.#instance, this.#stackTop);
      return undefined;
    } catch (error) {
      if (!this.#endedByGuest(error)) throw error;
      return this.#trap(error);
    } finally {
      this.#end();
    }
  }

  /** One call. `input` is JSON of the event, the time and a seed for chance. */
  call(input: string): SandboxOutcome {
    const context = this.#context;
    this.#host.reset();
    this.#begin(this.#options.limits.callMs);
    try {
      const called = context.callFunction(
        this.#run as QuickJSHandle,
        context.undefined,
        context.newString(input),
      );
      if (called.error) return { failure: this.#failure(called.error) };
      let json = context.getString(called.value);
      if (json === '') {
        const jobs = this.#runtime.executePendingJobs();
        if (jobs.error) return { failure: this.#failure(jobs.error) };
        const taken = context.callFunction(this.#take as QuickJSHandle, context.undefined);
        if (taken.error) return { failure: this.#failure(taken.error) };
        json = context.getString(taken.value);
      }
      // A promise can swallow the interrupt; the time was overrun all the same.
      return this.#late ? { failure: TOO_LATE } : { json };
    } catch (error) {
      return { failure: this.#trap(error) };
    } finally {
      this.#end();
    }
  }

  #prepare(): QuickJSHandle {
    const context = this.#context;
    const host = this.#host.install();
    const evaluate = (file: string) =>
      context.unwrapResult(context.evalCode(readFileSync(new URL(file, import.meta.url), 'utf8'), file));
    const modules = evaluate('guest/modules.js');
    const made = context.unwrapResult(context.callFunction(modules, context.undefined, host));
    const doors = context.unwrapResult(
      context.callFunction(
        evaluate('guest/runtime.js'),
        context.undefined,
        host,
        made,
        context.newNumber(this.#options.limits.outputCharsMax),
      ),
    );
    this.#run = context.getProp(doors, 'run');
    this.#take = context.getProp(doors, 'take');
    return doors;
  }

  #begin(ms: number): void {
    this.#late = false;
    this.#depth = 0;
    this.#allowedMs = ms;
    this.#deadline = this.#options.monotonic() + ms;
    this.#fuel = Math.min(FUEL_MAX, Math.ceil(ms * FUEL_PER_MS * FUEL_MARGIN));
    this.#instance.fuel.value = this.#fuel;
  }

  #end(): void {
    this.#used = this.#fuel - this.#instance.fuel.value;
    this.#instance.fuel.value = FUEL_MAX;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#snapshot?.restore();
  }

  #isLate(left: number): boolean {
    const over = this.#options.monotonic() - this.#deadline;
    if (over < 0) return false;
    const worked = this.#fuel - left >= this.#fuel * (WORKED_SHARE / FUEL_MARGIN);
    this.#late ||= worked || over > this.#allowedMs * STALL_FACTOR;
    return this.#late;
  }

  /** The host works for the guest: the meter must not stop it halfway. */
  enter(): void {
    if (this.#depth++ > 0) return;
    this.#left = this.#instance.fuel.value;
    this.#hostBytes = this.#host.bytes;
    this.#instance.fuel.value = FUEL_MAX;
  }

  /** Back to the guest, who pays for the bytes that were moved; one who is late does not go on. */
  leave(): void {
    if (--this.#depth > 0) return;
    const left = this.#left - Math.ceil((this.#host.bytes - this.#hostBytes) / BYTES_PER_FUEL);
    this.#instance.fuel.value = left;
    if (left < 0 || this.#isLate(left)) throw new WebAssembly.RuntimeError('the guest is late');
  }

  #failure(error: QuickJSHandle): Failure {
    if (this.#late) return TOO_LATE;
    return failureOf(this.#context.dump(error), this.#options.fileName);
  }

  #endedByGuest(error: unknown): boolean {
    return this.#late || error instanceof RangeError || error instanceof WebAssembly.RuntimeError;
  }

  /** What came through the instance itself: its fuel was gone, or the stack of the edge was. */
  #trap(error: unknown): Failure {
    if (this.#late || this.#instance.fuel.value < 0) return TOO_LATE;
    if (error instanceof RangeError) return TOO_DEEP;
    return GAVE_UP;
  }
}
