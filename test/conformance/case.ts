/**
 * The form of a conformance case: what is asked of a cache, what the origin behind it answers, and what must come
 * of it. Cases are data and hold no code, so that they can be read, counted and run against any cache. This file
 * says nothing about how they are run.
 */

/** A field value as it is sent. Dates are reckoned from the moment of sending, so that a case never grows old. */
export type FieldValue =
  | string
  | { secondsFromNow: number }
  /** The path of the case with something added, for fields that name a resource. */
  | { path: string }
  /** The value that the origin sent for another field in an earlier step, if asked for as an RFC 850 date. */
  | { sent: string; inStep: number; as?: 'rfc850' };

export type FieldLine = readonly [name: string, value: FieldValue];

/** What a field of a reply must be: there, equal to a text, equal to what the origin sent, or at least a number. */
export type FieldExpectation =
  | readonly [name: string]
  | readonly [name: string, value: string | { sentInStep: number } | { atLeast: number }]
  | readonly [name: string, value: { ifThereMatches: RegExp }];

export type InterimReply = { status: number; headers: readonly FieldLine[] };

export type CaseRequest = {
  method?: string;
  headers?: readonly FieldLine[];
  body?: string;
  /** What is added to the path of the case: another resource, or a query. */
  suffix?: string;
};

export type CaseResponse = {
  status?: number;
  headers?: readonly FieldLine[];
  /** Absent: a text that is the same in every step of the case. */
  body?: string;
  /** The origin answers 304 to a request whose If-None-Match is this. */
  notModifiedFor?: string;
  /** The origin has no clock and sends no Date. */
  withoutDate?: boolean;
  /** Whether the origin answers a single byte range of the body with 206. Otherwise it ignores Range. */
  ranges?: boolean;
  interim?: readonly InterimReply[];
  delayMs?: number;
  /** The origin closes the connection instead of answering. */
  disconnect?: boolean;
  /** The origin closes the connection after so many bytes of the body. */
  truncateAfterBytes?: number;
};

/**
 * Where the reply of a step must come from: the store; the origin; the store after a validation by entity tag or by
 * date; or from anywhere but the store, an error of the cache included.
 */
export type Source = 'cached' | 'not_cached' | 'etag_validated' | 'lm_validated' | 'not_reused';

export type CaseStep = {
  request?: CaseRequest;
  response?: CaseResponse;
  expect?: Source;
  /** Absent: the status that the origin sends. */
  expectStatus?: number | 'any';
  expectHeaders?: readonly FieldExpectation[];
  /** Fields that must be missing, or must not contain a text. */
  expectAbsentHeaders?: readonly (readonly [name: string, text?: string])[];
  /** Absent: the body that the origin sends. */
  expectBody?: string | 'any';
  expectInterim?: readonly InterimReply[];
  /** What the origin must have been asked in this step. */
  expectForwarded?: { method?: string; headers?: readonly (readonly [name: string, value: string])[] };
  /** If the origin was asked at all in this step, then for one of these values of Range. */
  expectRangeForwarded?: readonly string[];
  /** A step that only prepares: when it goes wrong the case could not be tried. `source`: only `expect` prepares. */
  setup?: 'step' | 'source';
  pauseAfterMs?: number;
};

/**
 * `required`: the standards say MUST, or leave no other reading. `optimal`: a cache that does otherwise is right but
 * asks its origin more often than it needs to. `check`: both answers are right, the suite tells which one is given.
 * `further`: required by the standards as well, but not on the public list, so that counts stay comparable.
 */
export type CaseKind = 'required' | 'optimal' | 'check' | 'further';

export type ConformanceCase = {
  id: string;
  kind: CaseKind;
  summary: string;
  /** Cases without which this one proves nothing: a cache that stores nothing never reuses what it must not. */
  requires?: readonly string[];
  steps: readonly CaseStep[];
};

export type CaseGroup = {
  title: string;
  /** The sections of the standards that the cases were written from. */
  source: string;
  cases: readonly ConformanceCase[];
};
