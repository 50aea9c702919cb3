/**
 * The event that a function gets and what it may give back, in CloudFront's shape (Functions event structure, version 1.0).
 * Types only; who fills them in is `event-from-head.ts`, who checks what comes back `result.ts`.
 */
export type EventType = 'viewer-request' | 'viewer-response';

/** A raw head: names and values as they were on the wire, repeated names as repeated entries. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

export type FieldValue = { value: string; multiValue?: Array<{ value: string }> };
export type Fields = Record<string, FieldValue>;
export type CookieValue = { value: string; attributes?: string };
export type ResponseCookies = Record<string, CookieValue & { multiValue?: CookieValue[] }>;

export type EventRequest = {
  method: string;
  uri: string;
  querystring: Fields;
  headers: Fields;
  cookies: Fields;
};

export type EventBody = { encoding: 'text' | 'base64'; data: string };

export type EventResponse = {
  statusCode: number;
  statusDescription?: string;
  headers: Fields;
  cookies: ResponseCookies;
  /** Never there in an event: functions do not see bodies, they may only give one. */
  body?: EventBody | string;
};

export type FunctionEvent = {
  version: '1.0';
  context: {
    distributionDomainName: string;
    distributionId: string;
    eventType: EventType;
    requestId: string;
  };
  viewer: { ip: string };
  request: EventRequest;
  response?: EventResponse;
};

export type FailureReason =
  /** No live version of that name, or one for the other event. */
  | 'absent'
  | 'timeout'
  | 'memory'
  | 'stack'
  /** It ran into its limits too often in a row and was not called. */
  | 'resting'
  /** The function threw. */
  | 'threw'
  /** It returned what is no request or response, or touched what it may not. */
  | 'invalid';

export type FunctionResult =
  | { kind: 'request'; request: EventRequest }
  | { kind: 'response'; response: EventResponse }
  | { kind: 'failed'; reason: FailureReason; message: string };
