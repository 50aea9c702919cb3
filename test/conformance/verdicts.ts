/** What the outcomes of a run mean once the cases are told apart that prove nothing for want of another one. */
import type { CaseKind, ConformanceCase } from './case.ts';
import type { Fault } from './judge.ts';
import type { Outcomes } from './run-cases.ts';

/** `setup`: a step that only prepares went wrong. `dependency`: a case that this one requires did not pass. */
export type Verdict = 'pass' | 'fail' | 'setup' | 'dependency';

export type CaseResult = { about: ConformanceCase; verdict: Verdict; fault: Fault | undefined };

export type Counts = Readonly<Record<CaseKind, Readonly<Record<Verdict, number>>>>;

/** The cases asked for and all that those require, in the order of the list. */
export function withRequired(
  cases: readonly ConformanceCase[],
  ids: readonly string[],
): readonly ConformanceCase[] {
  const byId = new Map(cases.map((about) => [about.id, about]));
  const wanted = new Set<string>();
  const add = (id: string): void => {
    const about = byId.get(id);
    if (about === undefined) throw new Error(`there is no case ${id}`);
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const needed of about.requires ?? []) add(needed);
  };
  for (const id of ids) add(id);
  return cases.filter(({ id }) => wanted.has(id));
}

export function judgeRun(cases: readonly ConformanceCase[], outcomes: Outcomes): readonly CaseResult[] {
  const byId = new Map(cases.map((about) => [about.id, about]));
  const verdicts = new Map<string, Verdict>();
  const verdictOf = (id: string): Verdict => {
    const known = verdicts.get(id);
    if (known !== undefined) return known;
    const lacking = (byId.get(id)?.requires ?? []).some((needed) => verdictOf(needed) !== 'pass');
    const verdict = lacking ? 'dependency' : ofFault(outcomes.get(id));
    verdicts.set(id, verdict);
    return verdict;
  };
  return cases.map((about) => ({ about, verdict: verdictOf(about.id), fault: outcomes.get(about.id) }));
}

function ofFault(fault: Fault | undefined): Verdict {
  if (fault === undefined) return 'pass';
  return fault.setup ? 'setup' : 'fail';
}

export function countVerdicts(results: readonly CaseResult[]): Counts {
  const none = () => ({ pass: 0, fail: 0, setup: 0, dependency: 0 });
  const counts = { required: none(), optimal: none(), check: none(), further: none() };
  for (const { about, verdict } of results) counts[about.kind][verdict] += 1;
  return counts;
}
