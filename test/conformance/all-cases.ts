/** The list of all groups of cases, in the order in which they are told. */
import type { CaseGroup, ConformanceCase } from './case.ts';
import { age } from './cases/age.ts';
import { conditional } from './cases/conditional.ts';
import { directiveSyntax } from './cases/directive-syntax.ts';
import { expires } from './cases/expires.ts';
import { freshness } from './cases/freshness.ts';
import { further } from './cases/further.ts';
import { interim } from './cases/interim.ts';
import { invalidation } from './cases/invalidation.ts';
import { partial } from './cases/partial.ts';
import { requestDirectives } from './cases/request-directives.ts';
import { requests } from './cases/requests.ts';
import { responseDirectives } from './cases/response-directives.ts';
import { stale } from './cases/stale.ts';
import { status } from './cases/status.ts';
import { storedFields } from './cases/stored-fields.ts';
import { targeted } from './cases/targeted.ts';
import { validation } from './cases/validation.ts';
import { vary } from './cases/vary.ts';
import { varyReading } from './cases/vary-reading.ts';

export const caseGroups: readonly CaseGroup[] = [
  freshness,
  directiveSyntax,
  age,
  expires,
  responseDirectives,
  targeted,
  status,
  vary,
  varyReading,
  conditional,
  validation,
  storedFields,
  stale,
  invalidation,
  partial,
  requestDirectives,
  requests,
  interim,
  further,
];

export const allCases: readonly ConformanceCase[] = caseGroups.flatMap(({ cases }) => cases);
