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

const FORM =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** Milliseconds since the epoch of an IMF-fixdate; undefined for any other text. */
export function httpDateMs(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
