/**
 * Which headers functions see and may set. Source: CloudFront's "Restrictions on all edge functions". Beyond that list
 * `te` is hidden, `cookie` and `set-cookie` travel as cookies, and what frames a response is only to be read. Pure.
 */
import { LOWER_TOKEN, VALUE_BYTE } from '../http-bytes.ts';
import type { EventType } from './event.ts';

/** Neither shown to functions nor taken from them. */
const HIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'x-amzn-auth',
  'x-amzn-cf-billing',
  'x-amzn-cf-id',
  'x-amzn-cf-xff',
  'x-amzn-errortype',
  'x-amzn-fle-profile',
  'x-amzn-header-count',
  'x-amzn-header-order',
  'x-amzn-lambda-integration-tag',
  'x-amzn-requestid',
  'x-cache',
  'x-forwarded-proto',
  'x-real-ip',
]);
const HIDDEN_PREFIXES: readonly string[] = ['x-accel-', 'x-amz-cf-', 'x-edge-'];

/** Shown, but neither to be added nor changed nor taken away. */
const READ_ONLY: Readonly<Record<EventType, ReadonlySet<string>>> = {
  'viewer-request': new Set(['cdn-loop', 'content-length', 'host', 'transfer-encoding', 'via']),
  'viewer-response': new Set(['content-encoding', 'content-length', 'transfer-encoding', 'warning', 'via']),
};
/** A response that a function makes by itself may say how its own body is encoded. */
const NOT_IN_GENERATED: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'warning',
  'via',
]);

export type HeaderRule = 'free' | 'read-only' | 'hidden' | 'cookie';

export function headerRule(name: string, kind: EventType | 'generated'): HeaderRule {
  if (
    HIDDEN.has(name) ||
    (name.startsWith('x-') && HIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)))
  )
    return 'hidden';
  if (name === 'cookie' || name === 'set-cookie') return 'cookie';
  const fixed = kind === 'generated' ? NOT_IN_GENERATED : READ_ONLY[kind];
  return fixed.has(name) ? 'read-only' : 'free';
}

/** A name in lower case as RFC 9110 section 5.1 has it. */
export function isHeaderName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    // The table has 0 for what no name holds, and a zero byte is that too.
    if (code === 0 || code > 0x7f || LOWER_TOKEN[code] !== code) return false;
  }
  return true;
}

/** A value without line ends, control bytes or space around it (RFC 9110 section 5.5); a character is a byte. */
export function isHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff || VALUE_BYTE[code] === 0) return false;
  }
  return value === '' || (isVisible(value, 0) && isVisible(value, value.length - 1));
}

function isVisible(value: string, at: number): boolean {
  const code = value.charCodeAt(at);
  return code !== 0x20 && code !== 0x09;
}
