/**
 * One case under way: which step it is at, and what the origin was asked and has sent in each. The runner moves it
 * from step to step, the origin answers by it, the judge reads it.
 */
import type { CaseStep, ConformanceCase } from './case.ts';
import type { WireRequest } from './wire.ts';

export type OriginExchange = {
  request: WireRequest;
  status: number;
  /** Lower-case names; lines joined by a comma. */
  sent: ReadonlyMap<string, string>;
};

export type CaseRun = {
  readonly about: ConformanceCase;
  readonly path: string;
  /** Steps count from 1; 0 before the first. */
  step: number;
  /** What the origin did while each step was under way. */
  readonly exchanges: OriginExchange[][];
};

export function createCaseRun(about: ConformanceCase, path: string): CaseRun {
  return { about, path, step: 0, exchanges: about.steps.map(() => []) };
}

export function stepOf(run: CaseRun, step: number): CaseStep | undefined {
  return run.about.steps[step - 1];
}

export function exchangesOf(run: CaseRun, step: number): readonly OriginExchange[] {
  return run.exchanges[step - 1] ?? [];
}

/** What the origin sent first for a field in a step. */
export function sentIn(run: CaseRun, step: number, name: string): string | undefined {
  return exchangesOf(run, step)[0]?.sent.get(name.toLowerCase());
}

/** The body of the steps that bring none of their own: the same throughout a case and different between cases. */
export function defaultBody(run: CaseRun): string {
  return `body of ${run.path}`;
}
