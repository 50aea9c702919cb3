/**
 * What a log says of one reply, with everything that opens something taken out. Session ids renew the tokens of
 * their plays, so they are secrets too: a log has the first 16 hexadecimal digits of their SHA-256, which tells
 * sessions apart and lets an operator who knows an id find it.
 */
import { createHash } from 'node:crypto';
import type { VerifiedToken } from '../token.ts';
import { type Cmcd, cmcdOfQuery, readCmcd } from './cmcd.ts';
import { redactPath, redactQuery } from './redaction.ts';
import type { HitKind } from './reply-facts.ts';
import type { Picked } from './request-text.ts';
import type { Protocol, ReplyTrace } from './trace.ts';

export type AccessRecord = {
  /** When the reply was done. */
  readonly timeMs: number;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly status: number;
  readonly bytes: number;
  readonly requestBytes: number;
  readonly hit: HitKind;
  readonly detail: string;
  /** From the request's last byte; -1 when nothing was sent. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly protocol: Protocol;
  readonly isSecure: boolean;
  readonly isBroken: boolean;
  readonly picked: Picked;
  readonly session: string;
  readonly title: string;
  readonly cmcd: Cmcd | undefined;
  /** The head of the reply. */
  readonly replyHead: string;
};

const TARGET_CHARS_MAX = 2048;
const CMCD_PARAMETER = /(^|&)CMCD=[^&]*/g;

export type TokenNames = { readonly session: string; readonly title: string };

/** What a token is called in logs and metrics. Tokens are remembered as long as those who verified them do so. */
export class TokenNaming {
  readonly #known = new WeakMap<VerifiedToken, TokenNames>();

  of(token: VerifiedToken): TokenNames {
    const known = this.#known.get(token);
    if (known) return known;
    const names = { session: sessionName(token.session), title: titleOf(token.prefix) };
    this.#known.set(token, names);
    return names;
  }
}

export const NO_NAMES: TokenNames = { session: '', title: '' };

export function sessionName(session: string): string {
  return createHash('sha256').update(session).digest('hex').slice(0, 16);
}

/** The id in `titles/<id>/<publication>/`. */
function titleOf(prefix: string): string {
  return prefix.split('/', 2)[1] ?? '';
}

export function accessRecord(trace: ReplyTrace, names: TokenNames, timeMs: number): AccessRecord {
  const { asked, facts, startMs, firstMs, endMs, bytes, isBroken } = trace;
  const { picked } = asked;
  const target =
    asked.target.length > TARGET_CHARS_MAX ? asked.target.slice(0, TARGET_CHARS_MAX) : asked.target;
  const mark = target.indexOf('?');
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const hasCmcd = query.includes('CMCD=');
  const cmcd = picked.cmcd !== '' ? readCmcd(picked.cmcd) : hasCmcd ? cmcdOfQuery(query) : undefined;
  return {
    timeMs,
    bytes,
    isBroken,
    address: asked.address,
    method: asked.method,
    path: redactPath(mark < 0 ? target : target.slice(0, mark)),
    query: redactQuery(hasCmcd ? query.replace(CMCD_PARAMETER, '').replace(/^&/, '') : query),
    status: facts.status,
    requestBytes: asked.bytes,
    hit: facts.hit,
    detail: facts.detail,
    firstByteMs: firstMs === 0 ? -1 : firstMs - startMs,
    totalMs: endMs - startMs,
    protocol: asked.protocol,
    isSecure: asked.isSecure,
    picked,
    session: names.session,
    title: names.title,
    cmcd:
      cmcd && trace.grant && cmcd.sid === trace.grant.token.session ? { ...cmcd, sid: names.session } : cmcd,
    replyHead: facts.head,
  };
}

/** Remembers what a function made of the texts that came last; agents and hosts are few. */
export function remembering(make: (text: string) => string, max = 256): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let made = known.get(text);
    if (made === undefined) {
      made = make(text);
      if (known.size >= max) known.clear();
      known.set(text, made);
    }
    return made;
  };
}
