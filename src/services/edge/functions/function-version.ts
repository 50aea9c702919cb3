/** One published version of a function: its sandbox, its costs, and a rest after it overran its limits again and again. */
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { CostMeter, isOverrun } from './cost-meter.ts';
import type { EventType, FunctionEvent, FunctionResult } from './event.ts';
import type { FunctionLimits } from './limits.ts';
import { readResult } from './result.ts';
import type { Sandbox } from './sandbox.ts';

export type VersionInfo = {
  name: string;
  version: number;
  eventType: EventType;
  codeBytes: number;
  codeSha256: string;
  publishedMs: number;
};

export type VersionTools = { clock: Clock; log: Log; random(): number; limits: FunctionLimits };

const RESTING: FunctionResult = {
  kind: 'failed',
  reason: 'resting',
  message: 'the function ran into its limits too often and rests',
};

export class FunctionVersion {
  readonly info: VersionInfo;
  readonly cost = new CostMeter();
  readonly #sandbox: Sandbox;
  readonly #tools: VersionTools;
  #overruns = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(info: VersionInfo, sandbox: Sandbox, tools: VersionTools) {
    this.info = info;
    this.#sandbox = sandbox;
    this.#tools = tools;
  }

  run(event: FunctionEvent): FunctionResult {
    const { clock } = this.#tools;
    const startMs = clock.monotonic();
    if (startMs < this.#restsUntil) {
      this.cost.addSkipped();
      return RESTING;
    }
    const result = callSandbox(this.#sandbox, event, this.#tools);
    const endMs = clock.monotonic();
    this.cost.add((endMs - startMs) * 1000, result);
    if (result.kind === 'failed') this.#tell(result);
    if (this.#sandbox.logs.length > 0) this.#tools.log.debug('an edge function wrote', this.#lines());
    this.#watch(result, endMs);
    return result;
  }

  #watch(result: FunctionResult, nowMs: number): void {
    const { overrunsMax, restMs } = this.#tools.limits;
    this.#overruns = isOverrun(result) ? this.#overruns + 1 : 0;
    if (this.#overruns < overrunsMax) return;
    this.#overruns = 0;
    this.#restsUntil = nowMs + restMs;
  }

  /** The first failure, the second, the fourth…: a function that always fails must not fill the log. */
  #tell({ reason, message }: FunctionResult & { kind: 'failed' }): void {
    const { failures } = this.cost;
    if ((failures & (failures - 1)) !== 0) return;
    const { name, version } = this.info;
    this.#tools.log.warn('an edge function failed', { name, version, reason, fault: message, failures });
  }

  #lines(): Record<string, unknown> {
    const { name, version } = this.info;
    return { name, version, lines: this.#sandbox.logs };
  }
}

/** One call with what is told of the world beside the event: the time and a seed. */
export function callSandbox(sandbox: Sandbox, event: FunctionEvent, tools: VersionTools): FunctionResult {
  const { clock, random, limits } = tools;
  const seed = Math.floor(random() * 0x100000000);
  const { json, failure } = sandbox.call(JSON.stringify({ now: clock.now(), seed, event }));
  if (json !== undefined) return readResult(json, event, limits);
  const { reason, message, line } = failure;
  return { kind: 'failed', reason, message: line === undefined ? message : `${message} (line ${line})` };
}
