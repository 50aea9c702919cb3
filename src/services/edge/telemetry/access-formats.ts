/** How a record is written: as a JSON object, or as a line of CloudFront's standard log. Each writer is one line's text. */
import { type AccessRecord, remembering } from './access-record.ts';
import type { Cmcd } from './cmcd.ts';
import { redactReferer } from './redaction.ts';
import { replyField } from './reply-facts.ts';
import type { Picked } from './request-text.ts';

export type AccessFormat = {
  /** What each file begins with. */
  readonly head: string;
  /** With its line end. */
  line(record: AccessRecord): string;
};

export function jsonFormat(edge: string): AccessFormat {
  const moment = moments();
  const tail = `,"edge":${JSON.stringify(edge)}}\n`;
  const line = (record: AccessRecord): string => {
    const { picked, query } = record;
    picked.rendered ??= jsonOfPicked(picked);
    const target = query === '' ? record.path : `${record.path}?${query}`;
    let out =
      `{"time":"${moment(record.timeMs)}","client":"${record.address}","method":${quote(record.method)}` +
      `,"target":${quote(target)},"status":${record.status},"bytes":${record.bytes},"hit":"${record.hit}"` +
      `,"firstByteMs":${record.firstByteMs < 0 ? 'null' : thousandths(record.firstByteMs * 1000)}` +
      `,"totalMs":${thousandths(record.totalMs * 1000)},"protocol":"${record.protocol}"` +
      `,"secure":${record.isSecure}${picked.rendered}`;
    if (record.isBroken) out += ',"broken":true';
    if (record.detail !== '') out += `,"failure":${quote(record.detail)}`;
    if (record.session !== '') out += `,"session":"${record.session}"`;
    if (record.title !== '') out += `,"title":${quote(record.title)}`;
    if (record.cmcd) out += `,"cmcd":${JSON.stringify(record.cmcd)}`;
    return out + tail;
  };
  return { head: '', line };
}

function jsonOfPicked({ host, range, userAgent, referer }: Picked): string {
  let out = `,"host":${JSON.stringify(host)}`;
  if (range !== '') out += `,"range":${JSON.stringify(range)}`;
  if (userAgent !== '') out += `,"agent":${JSON.stringify(userAgent)}`;
  if (referer !== '') out += `,"referer":${JSON.stringify(redactReferer(referer))}`;
  return out;
}

/** Printable ASCII needs no escapes but two, and most texts have none of those. */
function quote(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

const SPAN = /^bytes (\d+)-(\d+)\//;

/** Fields and their order: CloudFront's standard log, 33 fields. */
const CLOUDFRONT_FIELDS =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) ' +
  'cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken ' +
  'x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status ' +
  'fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len ' +
  'sc-range-start sc-range-end';

/**
 * What a cookie held, the port of the viewer and the ciphers are not logged: `-`, as for what is not there. Requests
 * are numbered behind `run`, which tells one start of an edge from the next.
 */
export function cloudFrontFormat(edge: string, run: string): AccessFormat {
  const text = remembering(encoded);
  const referer = remembering((value) => encoded(redactReferer(value)));
  const moment = moments();
  let number = 0;
  const line = (record: AccessRecord): string => {
    const at = moment(record.timeMs);
    const response = responseResult(record);
    const result = record.isBroken ? 'Error' : response;
    const { picked, replyHead } = record;
    const host = text(picked.host);
    const span = record.status === 206 ? SPAN.exec(replyField(replyHead, 'content-range')) : null;
    const query = cmcdQuery(record.query, record.cmcd);
    number++;
    return (
      `${at.slice(0, 10)}\t${at.slice(11, 19)}\t${edge}\t${record.bytes}\t${record.address || '-'}\t` +
      `${text(record.method)}\t${host}\t${encoded(record.path)}\t${String(record.status).padStart(3, '0')}\t` +
      `${referer(picked.referer)}\t${text(picked.userAgent)}\t${encoded(query)}\t-\t${result}\t` +
      `${run}-${number.toString(36)}\t${host}\t${record.isSecure ? 'https' : 'http'}\t${record.requestBytes}\t` +
      `${seconds(record.totalMs)}\t-\t-\t-\t${response}\t${record.protocol}\t-\t-\t-\t` +
      `${seconds(record.firstByteMs)}\t${detailedResult(record, result)}\t${text(replyField(replyHead, 'content-type'))}\t` +
      `${replyField(replyHead, 'content-length') || '-'}\t${span?.[1] ?? '-'}\t${span?.[2] ?? '-'}\n`
    );
  };
  return { head: `#Version: 1.0\n#Fields: ${CLOUDFRONT_FIELDS}\n`, line };
}

/** `RefreshHit` asked the origin; a copy past its time that did not wait for it is a hit, as the edge counts it. */
function responseResult({ status, hit }: AccessRecord): string {
  if (status >= 400 || status === 0 || hit === 'failed') return 'Error';
  if (hit === 'miss' || hit === 'pass') return 'Miss';
  if (hit === 'revalidated') return 'RefreshHit';
  // Of its own the edge redirects only to the encrypted address.
  return hit === 'none' && status >= 300 && status !== 304 ? 'Redirect' : 'Hit';
}

const ORIGIN_RESULTS: Readonly<Record<string, string>> = {
  unreachable: 'OriginConnectError',
  late: 'OriginCommError',
  broken: 'OriginReadError',
  refused: 'OriginError',
  changed: 'OriginError',
  busy: 'OriginCommError',
};

function detailedResult(record: AccessRecord, result: string): string {
  if (record.isBroken) return 'ClientCommError';
  return ORIGIN_RESULTS[record.detail] ?? result;
}

/** Gives CMCD back to the query that it was taken from, as what was understood of it. */
function cmcdQuery(query: string, cmcd: Cmcd | undefined): string {
  if (!cmcd) return query;
  const pairs = Object.entries(cmcd).map(([key, value]) =>
    value === true ? key : `${key}=${typeof value === 'string' ? quoted(key, value) : value}`,
  );
  return `${query}${query === '' ? '' : '&'}CMCD=${encodeURIComponent(pairs.join(','))}`;
}

const TOKEN_KEYS: ReadonlySet<string> = new Set(['ot', 'sf', 'st']);

function quoted(key: string, value: string): string {
  return TOKEN_KEYS.has(key) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Characters that CloudFront writes as escapes: controls, spaces, all beyond ASCII, and those that RFC 1738 calls unsafe. */
const UNSAFE = /[^!$&()*+,\-./0-9:;=?@A-Z_a-z]/g;

function encoded(value: string): string {
  if (value === '') return '-';
  return value.replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    // Fields are bytes in Latin 1.
    return code > 0xff ? '%3F' : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function seconds(ms: number): string {
  return ms < 0 ? '-' : thousandths(ms);
}

/** A count of thousandths with three decimals; far cheaper than writing a fraction. */
function thousandths(count: number): string {
  const rounded = Math.round(count);
  const rest = rounded % 1000;
  return `${Math.floor(rounded / 1000)}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}

/** ISO 8601 to the millisecond; the text of a second is made once. */
function moments(): (ms: number) => string {
  let second = Number.NaN;
  let text = '';
  return (ms) => {
    const now = Math.floor(ms / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toISOString().slice(0, 20);
    }
    const rest = Math.floor(ms - now * 1000);
    return `${text}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  };
}
