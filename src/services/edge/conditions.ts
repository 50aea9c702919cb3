/** Whether a client's copy is still good (RFC 9110 section 13). Pure functions. */
import type { RequestHead } from './http-parser.ts';

/** True when the reply is 304. `If-Modified-Since` counts only without `If-None-Match`. */
export function isUnchanged(head: RequestHead, etag: string, lastModified: string): boolean {
  if (head.ifNoneMatch !== '') return matchesTag(head.ifNoneMatch, etag);
  if (head.ifModifiedSince === '' || lastModified === '') return false;
  const since = httpDateMs(head.ifModifiedSince);
  const changed = httpDateMs(lastModified);
  return since !== undefined && changed !== undefined && changed <= since;
}

/** Weak comparison: `W/"a"` equals `"a"`. A star stands for whatever is here, even without a tag. */
function matchesTag(list: string, etag: string): boolean {
  if (list === '*') return true;
  if (etag === '') return false;
  const bare = withoutWeakness(etag);
  for (const [tag] of list.matchAll(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g)) {
    if (withoutWeakness(tag) === bare) return true;
  }
  return false;
}

function withoutWeakness(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

const DAYS = 'Mon|Tue|Wed|Thu|Fri|Sat|Sun';
const LONG_DAYS = 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday';
const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const TIME = '\\d\\d:\\d\\d:\\d\\d';
const IMF_FORM = new RegExp(`^(?:${DAYS}), \\d\\d (?:${MONTHS}) \\d{4} ${TIME} GMT$`, 'i');
const RFC_850_FORM = new RegExp(`^(?:${LONG_DAYS}), (\\d\\d)-(${MONTHS})-(\\d\\d) (${TIME}) GMT$`, 'i');
const ASCTIME_FORM = new RegExp(`^(?:${DAYS}) (${MONTHS}) ([ \\d]\\d) (${TIME}) (\\d{4})$`, 'i');

/**
 * Milliseconds since the epoch of a date in one of the three forms that RFC 9110 section 5.6.7 knows, in any
 * case; undefined for any other text.
 */
export function httpDateMs(text: string): number | undefined {
  if (IMF_FORM.test(text)) return validMs(text);
  const old = RFC_850_FORM.exec(text);
  if (old) {
    const [, day, month, year, time] = old;
    // Two digits mean the last century for years that would be far in the future.
    const century = Number(year) >= 70 ? '19' : '20';
    return validMs(`${day} ${month} ${century}${year} ${time} GMT`);
  }
  const asctime = ASCTIME_FORM.exec(text);
  if (!asctime) return undefined;
  const [, month, day, time, year] = asctime;
  return validMs(`${day?.trim()} ${month} ${year} ${time} GMT`);
}

function validMs(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
