/** Unsafe requests that make stored responses void. */
import type { CaseGroup, CaseStep, ConformanceCase, FieldLine } from '../case.ts';
import { storesFresh } from './building.ts';

const METHODS = ['POST', 'PUT', 'DELETE', 'M-SEARCH'] as const;

function changes(method: string, status: number, headers: readonly FieldLine[] = []): CaseStep {
  return { request: { method, body: 'abc' }, response: { status, headers }, setup: 'step' };
}

const own = METHODS.flatMap((method): ConformanceCase[] => [
  {
    id: `invalidate-${method}`,
    kind: 'required',
    summary: `A ${method} that succeeds makes the stored response void.`,
    requires: ['freshness-max-age'],
    steps: [storesFresh(), changes(method, 200), { expect: 'not_cached' }],
  },
  {
    id: `invalidate-${method}-failed`,
    kind: 'optimal',
    summary: `A ${method} that fails leaves the stored response alone.`,
    requires: [`invalidate-${method}`],
    steps: [storesFresh(), changes(method, 500), { expect: 'cached' }],
  },
]);

const elsewhere = METHODS.flatMap((method) =>
  (
    [
      ['location', 'Location'],
      ['cl', 'Content-Location'],
    ] as const
  ).map(([short, field]): ConformanceCase => {
    const target = { suffix: '/other' };
    return {
      id: `invalidate-${method}-${short}`,
      kind: 'check',
      summary: `A ${method} that succeeds makes void what its ${field} names.`,
      requires: [`invalidate-${method}`],
      steps: [
        storesFresh([], { request: target }),
        changes(method, 200, [[field, { path: '/other' }]]),
        { request: target, expect: 'not_cached' },
      ],
    };
  }),
);

export const invalidation: CaseGroup = {
  title: 'Invalidation',
  source: 'RFC 9111, section 4.4',
  cases: [...own, ...elsewhere],
};
