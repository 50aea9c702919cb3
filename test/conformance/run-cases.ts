/**
 * Runs cases against a cache of which it knows nothing but the address. Paths must reach the origin unchanged. Many
 * cases are under way at once, since most of their time is waiting for something to grow stale.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConformanceCase } from './case.ts';
import { type CaseRun, createCaseRun, sentIn, stepOf } from './case-run.ts';
import { ask, type ClientOptions } from './client.ts';
import { renderLines } from './field-values.ts';
import { type Fault, judge } from './judge.ts';
import type { ConformanceOrigin } from './origin.ts';

export type RunOptions = {
  cases: readonly ConformanceCase[];
  /** Base of the cache's address; what follows it in a URL is what the origin is asked for. */
  cacheUrl: string;
  origin: ConformanceOrigin;
  /** Makes the paths of this run differ from those of earlier ones that the cache may remember. */
  runName: string;
  inFlight?: number;
  /** Time between two steps in which a cache may finish to store the first. */
  settleMs?: number;
  timeoutMs?: number;
  now?: () => number;
};

/** The first fault of each case, by its id; a case without fault is there with undefined. */
export type Outcomes = ReadonlyMap<string, Fault | undefined>;

export async function runCases(options: RunOptions): Promise<Outcomes> {
  const outcomes = new Map<string, Fault | undefined>();
  const waiting = options.cases.values();
  const work = async () => {
    for (const about of waiting) outcomes.set(about.id, await runCase(about, options));
  };
  await Promise.all(Array.from({ length: options.inFlight ?? 25 }, work));
  return outcomes;
}

async function runCase(about: ConformanceCase, options: RunOptions): Promise<Fault | undefined> {
  const { origin, cacheUrl, settleMs = 50, timeoutMs = 10_000, now = Date.now } = options;
  const run = createCaseRun(about, `/conformance/${options.runName}/${about.id}`);
  origin.announce(run);
  try {
    while (run.step < about.steps.length) {
      run.step += 1;
      const fault = await runStep(run, { cacheUrl, timeoutMs }, now());
      if (fault !== undefined) return fault;
      if (run.step < about.steps.length) await sleep(stepOf(run, run.step)?.pauseAfterMs ?? settleMs);
    }
    return undefined;
  } finally {
    origin.forget(run);
  }
}

async function runStep(run: CaseRun, client: ClientOptions, nowMs: number): Promise<Fault | undefined> {
  const step = stepOf(run, run.step) ?? {};
  const { request = {} } = step;
  try {
    const headers = renderLines(request.headers ?? [], {
      nowMs,
      path: run.path,
      sentIn: (at, name) => sentIn(run, at, name),
    });
    const reply = await ask(run.path + (request.suffix ?? ''), request, headers, client);
    return judge(run, step, reply);
  } catch (error) {
    // A cache that hangs up instead of serving what it must not serve does right, if not nicely.
    if (step.expect === 'not_reused' && isHangUp(error)) return undefined;
    return {
      step: run.step,
      setup: step.setup !== undefined,
      expected: 'a reply',
      seen: error instanceof Error ? error.message : String(error),
    };
  }
}

function isHangUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
