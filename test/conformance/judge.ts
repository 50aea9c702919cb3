/** Holds what came of a step against what its case expects, and says the first thing that differs. */
import type { CaseStep, FieldExpectation } from './case.ts';
import { type CaseRun, defaultBody, exchangesOf, sentIn } from './case-run.ts';
import type { ClientReply } from './client.ts';
import { STEP_FIELD } from './origin-reply.ts';

export type Fault = { step: number; setup: boolean; expected: string; seen: string };

type Difference = { expected: string; seen: string };

/** The faults of a step are looked for in this order: where a reply comes from explains what is wrong with it. */
export function judge(run: CaseRun, step: CaseStep, reply: ClientReply): Fault | undefined {
  const source = sourceDifference(run, step, reply);
  if (source !== undefined) return { step: run.step, setup: step.setup !== undefined, ...source };
  const difference =
    statusDifference(run, step, reply) ??
    firstOf(step.expectHeaders ?? [], (field) => fieldDifference(run, field, reply)) ??
    firstOf(step.expectAbsentHeaders ?? [], (field) => absenceDifference(field, reply)) ??
    bodyDifference(run, step, reply) ??
    interimDifference(step, reply) ??
    forwardedDifference(run, step);
  return difference && { step: run.step, setup: step.setup === 'step', ...difference };
}

function firstOf<T>(list: readonly T[], find: (entry: T) => Difference | undefined): Difference | undefined {
  for (const entry of list) {
    const found = find(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

function sourceDifference(run: CaseRun, { expect }: CaseStep, reply: ClientReply): Difference | undefined {
  if (expect === undefined) return undefined;
  const madeIn = Number(reply.headers.get(STEP_FIELD.toLowerCase()) ?? Number.NaN);
  const asked = exchangesOf(run, run.step);
  const seen = `${reply.status} ${Number.isNaN(madeIn) ? 'of unknown origin' : `made in step ${madeIn}`}, origin asked ${asked.length} times`;
  switch (expect) {
    case 'cached': {
      // A 304 may leave out whatever the client has already, our field included.
      const silent = reply.status === 304 && Number.isNaN(madeIn) && asked.length === 0;
      return silent || madeIn < run.step ? undefined : { expected: 'a reply from the store', seen };
    }
    case 'not_cached':
      return madeIn === run.step ? undefined : { expected: 'a reply from the origin', seen };
    case 'not_reused':
      return madeIn < run.step ? { expected: 'no reply from the store', seen } : undefined;
    default: {
      const condition = expect === 'etag_validated' ? 'if-none-match' : 'if-modified-since';
      if (asked.some(({ status }) => status === 304)) return undefined;
      const conditions = asked.map(({ request }) => request.headers.get(condition) ?? 'none');
      return {
        expected: `a request to the origin with ${condition}`,
        seen: conditions.length === 0 ? seen : `${condition}: ${conditions.join(' and ')}`,
      };
    }
  }
}

function statusDifference(run: CaseRun, step: CaseStep, reply: ClientReply): Difference | undefined {
  if (step.expectStatus === 'any') return undefined;
  const wanted = step.expectStatus ?? step.response?.status ?? 200;
  if (reply.status === wanted) return undefined;
  const asked = exchangesOf(run, run.step).map(({ status }) => status);
  return {
    expected: `status ${wanted}`,
    seen: `${reply.status}, origin sent ${asked.join(', ') || 'nothing'}`,
  };
}

function fieldDifference(
  run: CaseRun,
  [name, value]: FieldExpectation,
  { headers }: ClientReply,
): Difference | undefined {
  const got = headers.get(name.toLowerCase());
  const seen = got === undefined ? `no ${name}` : `${name}: ${got}`;
  if (value === undefined) return got === undefined ? { expected: name, seen } : undefined;
  if (typeof value === 'object' && 'ifThereMatches' in value)
    return got === undefined || value.ifThereMatches.test(got)
      ? undefined
      : { expected: `${name} like ${value.ifThereMatches}, or none`, seen };
  if (typeof value === 'object' && 'atLeast' in value)
    return Number(got ?? Number.NaN) >= value.atLeast
      ? undefined
      : { expected: `${name} of at least ${value.atLeast}`, seen };
  const wanted = typeof value === 'string' ? value : sentIn(run, value.sentInStep, name);
  return got === wanted ? undefined : { expected: `${name}: ${wanted}`, seen };
}

function absenceDifference(
  [name, text]: readonly [string, string?],
  { headers }: ClientReply,
): Difference | undefined {
  const got = headers.get(name.toLowerCase());
  if (got === undefined || (text !== undefined && !got.includes(text))) return undefined;
  return { expected: `no ${name}${text === undefined ? '' : ` with ${text}`}`, seen: `${name}: ${got}` };
}

function bodyDifference(run: CaseRun, step: CaseStep, reply: ClientReply): Difference | undefined {
  const bodiless = reply.status === 204 || reply.status === 304 || step.request?.method === 'HEAD';
  if (step.expectBody === 'any') return undefined;
  const wanted = bodiless ? '' : (step.expectBody ?? step.response?.body ?? defaultBody(run));
  return reply.body === wanted
    ? undefined
    : { expected: `body ${JSON.stringify(wanted)}`, seen: JSON.stringify(reply.body.slice(0, 80)) };
}

function interimDifference({ expectInterim }: CaseStep, { interim }: ClientReply): Difference | undefined {
  if (expectInterim === undefined) return undefined;
  const expected = expectInterim.map(({ status }) => status).join(', ') || 'none';
  const seen = interim.map(({ status }) => status).join(', ') || 'none';
  if (expected !== seen)
    return { expected: `interim responses: ${expected}`, seen: `interim responses: ${seen}` };
  return firstOf(
    expectInterim.flatMap(({ headers }, at) => headers.map(([name, value]) => [at, name, value] as const)),
    ([at, name, value]) => {
      const got = interim[at]?.headers.get(name.toLowerCase());
      return got === value ? undefined : { expected: `interim ${name}: ${value}`, seen: `${got}` };
    },
  );
}

function forwardedDifference(run: CaseRun, step: CaseStep): Difference | undefined {
  const [first] = exchangesOf(run, run.step);
  const { expectForwarded: wanted, expectRangeForwarded: ranges } = step;
  if (ranges !== undefined && first !== undefined) {
    const range = first.request.headers.get('range') ?? 'none';
    if (!ranges.includes(range))
      return { expected: `origin asked for range ${ranges.join(' or ')}`, seen: `range ${range}` };
  }
  if (wanted === undefined) return undefined;
  if (first === undefined) return { expected: 'a request to the origin', seen: 'none' };
  if (wanted.method !== undefined && first.request.method !== wanted.method)
    return { expected: `${wanted.method} at the origin`, seen: first.request.method };
  return firstOf(wanted.headers ?? [], ([name, value]) => {
    const got = first.request.headers.get(name.toLowerCase());
    return got === value
      ? undefined
      : { expected: `${name}: ${value} at the origin`, seen: got ?? `no ${name}` };
  });
}
