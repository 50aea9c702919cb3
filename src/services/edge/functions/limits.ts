/** The bounds of edge functions, each with its default and where that comes from. */
export type FunctionLimits = {
  /** Source text of a function. CloudFront: 10 KB. */
  codeBytesMax: number;
  /** What QuickJS may allocate for a function, its own builtins included. CloudFront: 2 MB. */
  memoryBytesMax: number;
  /** Wall time of one call. CloudFront ends a function after about 1 ms of native work; QuickJS interprets. */
  callMs: number;
  /** Wall time for the top-level code of a function when it is published. */
  loadMs: number;
  /** QuickJS's stack, which bounds recursion. */
  stackBytesMax: number;
  /** JSON of what a handler returns. */
  outputCharsMax: number;
  /** A body that a function makes. CloudFront: 40 KB. */
  bodyBytesMax: number;
  /** Names and values of a result; the parser of the edge takes no more of a request either. */
  headBytesMax: number;
  /** Headers, cookies and parameters of a result, each value counted. */
  entriesMax: number;
  /** Path and query of a result. */
  targetBytesMax: number;
  /** What `console.log` keeps of one call. */
  logBytesMax: number;
  /** Digests that are open at once in one call. */
  hashesMax: number;
  /** Functions, and versions of each one, that are kept. Every version holds an instance of QuickJS. */
  functionsMax: number;
  versionsMax: number;
  /** Sandboxes in the making at once, for tests and publications. */
  opensMax: number;
  /** After so many calls in a row that ran into a limit, a version rests for so long: each cost the edge `callMs`. */
  overrunsMax: number;
  restMs: number;
};

export const FUNCTION_LIMITS: FunctionLimits = {
  codeBytesMax: 10 * 1024,
  memoryBytesMax: 2 * 1024 * 1024,
  callMs: 5,
  loadMs: 100,
  stackBytesMax: 128 * 1024,
  outputCharsMax: 128 * 1024,
  bodyBytesMax: 40 * 1024,
  headBytesMax: 16 * 1024,
  entriesMax: 1000,
  targetBytesMax: 8 * 1024,
  logBytesMax: 4 * 1024,
  hashesMax: 16,
  functionsMax: 16,
  versionsMax: 4,
  opensMax: 4,
  overrunsMax: 8,
  restMs: 1000,
};
