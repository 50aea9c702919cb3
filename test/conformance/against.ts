/**
 * Runs the suite against a cache that somebody has started: it opens the origin that the cache was told to ask,
 * prints what failed, and ends with 1 if a case that states a MUST did not pass.
 */
import { parseArgs } from 'node:util';
import { allCases } from './all-cases.ts';
import { openOrigin } from './origin.ts';
import { runCases } from './run-cases.ts';
import { type CaseResult, countVerdicts, judgeRun, withRequired } from './verdicts.ts';

const { values } = parseArgs({
  options: {
    cache: { type: 'string' },
    'origin-port': { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (values.cache === undefined || values['origin-port'] === undefined) {
  console.error('usage: against.ts --cache=http://127.0.0.1:PORT --origin-port=N [--only=id,...] [--json]');
  process.exit(2);
}

const cases = values.only === undefined ? allCases : withRequired(allCases, values.only.split(','));
await using origin = await openOrigin({ port: Number(values['origin-port']) });
const outcomes = await runCases({
  cases,
  // The name of an address that stands for the origin itself, to see what is left without a cache.
  cacheUrl: values.cache === 'none' ? `http://127.0.0.1:${origin.port}` : values.cache,
  origin,
  runName: Date.now().toString(36),
});
const results = judgeRun(cases, outcomes);
if (values.json) console.log(JSON.stringify(toJson(results), null, 2));
else print(results);
process.exitCode = results.some(isUnmet) ? 1 : 0;

function isUnmet({ about, verdict }: CaseResult): boolean {
  return (about.kind === 'required' || about.kind === 'further') && verdict !== 'pass';
}

function print(list: readonly CaseResult[]): void {
  for (const { about, verdict, fault } of list) {
    if (verdict === 'pass') continue;
    console.log(`${about.kind.padEnd(8)} ${verdict.padEnd(10)} ${about.id}: ${about.summary}`);
    if (verdict === 'dependency' || fault === undefined) continue;
    console.log(`    step ${fault.step}: expected ${fault.expected}; seen ${fault.seen}`);
  }
  for (const [kind, counts] of Object.entries(countVerdicts(list))) {
    const { pass, fail, setup, dependency } = counts;
    console.log(
      `${kind.padEnd(8)} ${pass} pass, ${fail} fail, ${setup} not set up, ${dependency} for want of another`,
    );
  }
}

function toJson(list: readonly CaseResult[]): unknown {
  return {
    counts: countVerdicts(list),
    cases: list.map(({ about: { id, kind }, verdict, fault }) => ({ id, kind, verdict, fault })),
  };
}
