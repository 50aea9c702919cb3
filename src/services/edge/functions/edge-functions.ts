/**
 * Edge functions: small programs of the operator that change requests before the cache is asked and responses before they
 * leave, after CloudFront Functions' contract. This file keeps which versions there are and which viewer gets which;
 * `sandbox.ts` runs them, `result.ts` checks what they return. It moves no bytes of HTTP itself.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import { MatineeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { Cost } from './cost-meter.ts';
import { type Engine, openEngine } from './engine.ts';
import type { EventType, FunctionEvent, FunctionResult } from './event.ts';
import { callSandbox, FunctionVersion, type VersionInfo, type VersionTools } from './function-version.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { FUNCTION_LIMITS, type FunctionLimits } from './limits.ts';
import { openSandbox, Sandbox } from './sandbox.ts';
import { inShare } from './viewer-share.ts';

export type Publication = {
  name: string;
  /** `live` serves all viewers at once; `development` waits for `stagePercent`. */
  stage: 'development' | 'live';
  code: string;
  eventType: EventType;
  kvs?: KeyValueStore;
};

export type FunctionTest = {
  result: FunctionResult;
  logs: readonly string[];
  /** Per cent of the work that a call may do. */
  computeUtilisation: number;
};

export type FunctionCost = Cost & { name: string; version: number; stage: 'live' | 'candidate' | 'kept' };

export type EdgeFunctionsDeps = { clock: Clock; log: Log; random?: () => number };
export type EdgeFunctionsOptions = { limits?: Partial<FunctionLimits> };

type Entry = {
  versions: Map<number, FunctionVersion>;
  published: number;
  live: FunctionVersion | undefined;
  candidate: FunctionVersion | undefined;
  percent: number;
};

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const ABSENT: FunctionResult = {
  kind: 'failed',
  reason: 'absent',
  message: 'no live function of this name for this event',
};

export async function openEdgeFunctions(
  deps: EdgeFunctionsDeps,
  options: EdgeFunctionsOptions = {},
): Promise<EdgeFunctions> {
  return new EdgeFunctions(await openEngine(), deps, { ...FUNCTION_LIMITS, ...options.limits });
}

export class EdgeFunctions {
  readonly #engine: Engine;
  readonly #tools: VersionTools;
  readonly #entries = new Map<string, Entry>();
  #opening = 0;
  #closed = false;

  constructor(
    engine: Engine,
    { clock, log, random = Math.random }: EdgeFunctionsDeps,
    limits: FunctionLimits,
  ) {
    this.#engine = engine;
    this.#tools = { clock, log, random, limits };
  }

  /** Checks the code by loading it and keeps it as the next version of its function. */
  async publish({ name, stage, code, eventType, kvs }: Publication): Promise<VersionInfo> {
    if (!NAME.test(name)) throw invalid('a name has 1 to 64 letters, digits, - and _');
    if (eventType !== 'viewer-request' && eventType !== 'viewer-response')
      throw invalid('no such event type');
    if (stage !== 'development' && stage !== 'live') throw invalid('no such stage');
    const sandbox = await this.#open(code, kvs);
    const entry = this.#entryFor(name);
    const info: VersionInfo = {
      name,
      version: ++entry.published,
      eventType,
      codeBytes: Buffer.byteLength(code),
      codeSha256: createHash('sha256').update(code).digest('hex'),
      publishedMs: this.#tools.clock.now(),
    };
    const version = new FunctionVersion(info, sandbox, this.#tools);
    if (stage === 'live') this.#goLive(entry, version);
    entry.versions.set(info.version, version);
    this.#forgetOld(entry);
    return info;
  }

  /** Gives a version to this share of the viewers, before `promote` or `discard`. */
  stagePercent(name: string, percent: number, codeVersion: number): void {
    const entry = this.#entry(name);
    const version = entry.versions.get(codeVersion);
    if (!version) throw new MatineeError('not_found', `the function ${name} has no version ${codeVersion}`);
    if (!(percent >= 0 && percent <= 100)) throw invalid('a share is a number from 0 to 100');
    if (entry.live && entry.live.info.eventType !== version.info.eventType)
      throw new MatineeError('conflict', 'the live version handles another event');
    entry.candidate = version;
    entry.percent = percent;
  }

  /** The version in trial serves every viewer from now on. */
  promote(name: string): VersionInfo {
    const entry = this.#entry(name);
    if (!entry.candidate) throw new MatineeError('conflict', `no version of ${name} is in trial`);
    return this.#goLive(entry, entry.candidate);
  }

  /** Ends the trial: all viewers get the live version again. */
  discard(name: string): void {
    const entry = this.#entry(name);
    entry.candidate = undefined;
    entry.percent = 0;
  }

  /** Forgets a function with all its versions. */
  remove(name: string): void {
    this.#entries.delete(name);
  }

  versions(name: string): VersionInfo[] {
    return [...this.#entry(name).versions.values()].map(({ info }) => info);
  }

  /** Calls a function for one viewer. Never throws for what a function does. */
  run(name: string, event: FunctionEvent, viewerKey: string): FunctionResult {
    const entry = this.#entries.get(name);
    const version = entry && chosen(entry, viewerKey);
    return version?.info.eventType === event.context.eventType ? version.run(event) : ABSENT;
  }

  /** Runs code once that is not published, as CloudFront's TestFunction does. */
  async test(code: string, event: FunctionEvent, kvs?: KeyValueStore): Promise<FunctionTest> {
    const sandbox = await this.#open(code, kvs);
    const result = callSandbox(sandbox, event, this.#tools);
    return { result, logs: sandbox.logs, computeUtilisation: sandbox.utilisation };
  }

  costs(): FunctionCost[] {
    return [...this.#entries.values()].flatMap((entry) =>
      [...entry.versions.values()].map((version) => ({
        name: version.info.name,
        version: version.info.version,
        stage: version === entry.live ? 'live' : version === entry.candidate ? 'candidate' : 'kept',
        ...version.cost.read(),
      })),
    );
  }

  /** Lets go of all sandboxes; later calls find no function. */
  close(): void {
    this.#closed = true;
    this.#entries.clear();
  }

  async #open(code: string, kvs: KeyValueStore | undefined): Promise<Sandbox> {
    const { limits, clock } = this.#tools;
    if (typeof code !== 'string') throw invalid('the code is no text');
    if (Buffer.byteLength(code) > limits.codeBytesMax)
      throw new MatineeError('too_large', `a function has at most ${limits.codeBytesMax} bytes`);
    if (this.#opening >= limits.opensMax)
      throw new MatineeError('unavailable', 'too many functions are being loaded');
    this.#opening++;
    try {
      const monotonic = () => clock.monotonic();
      const opened = await openSandbox(this.#engine, {
        code,
        fileName: 'function.js',
        limits,
        kvs,
        monotonic,
      });
      if (this.#closed) throw new MatineeError('unavailable', 'edge functions are closed');
      if (opened instanceof Sandbox) return opened;
      const { reason, message, line } = opened;
      throw new MatineeError('invalid_request', line === undefined ? message : `line ${line}: ${message}`, {
        details: { reason, line },
      });
    } finally {
      this.#opening--;
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new MatineeError('not_found', `there is no function ${name}`);
    return entry;
  }

  #entryFor(name: string): Entry {
    const known = this.#entries.get(name);
    if (known) return known;
    if (this.#entries.size >= this.#tools.limits.functionsMax)
      throw new MatineeError('conflict', 'there are as many functions as an edge may have');
    const entry: Entry = {
      versions: new Map(),
      published: 0,
      live: undefined,
      candidate: undefined,
      percent: 0,
    };
    this.#entries.set(name, entry);
    return entry;
  }

  #goLive(entry: Entry, version: FunctionVersion): VersionInfo {
    entry.live = version;
    entry.candidate = undefined;
    entry.percent = 0;
    return version.info;
  }

  /** Drops the oldest versions that serve nobody. The newest is never dropped, as it was published to be used. */
  #forgetOld(entry: Entry): void {
    for (const [number, version] of entry.versions) {
      if (entry.versions.size <= this.#tools.limits.versionsMax) return;
      const used = version === entry.live || version === entry.candidate || number === entry.published;
      if (!used) entry.versions.delete(number);
    }
  }
}

function chosen({ live, candidate, percent }: Entry, viewerKey: string): FunctionVersion | undefined {
  if (!candidate) return live;
  const { name, version } = candidate.info;
  return inShare(viewerKey, `${name}/${version}`, percent) ? candidate : live;
}

function invalid(message: string): MatineeError {
  return new MatineeError('invalid_request', message);
}
