/**
 * Reads out of a reply's head what logs and metrics say of it. Because the head is what the viewer gets, what is
 * logged and what was sent cannot differ. Heads are this edge's own (reply.ts): one space after each colon, names in
 * lower case.
 */

/** How the bytes of a reply were come by; `none` is a reply of the edge's own, as refusals are. */
export const HIT_KINDS = [
  'memory',
  'disk',
  'stale',
  'revalidated',
  'miss',
  'collapsed',
  'pass',
  'failed',
  'none',
] as const;
export type HitKind = (typeof HIT_KINDS)[number];

export type ReplyFacts = {
  readonly status: number;
  readonly hit: HitKind;
  /** Of a failure at the origin, as `Cache-Status` names it. */
  readonly detail: string;
  /** The whole head, for `replyField`. */
  readonly head: string;
};

export const NO_FACTS: ReplyFacts = {
  ...{ status: 0, hit: 'none', detail: '', head: '' },
};
const REMEMBERED_MAX = 512;

export class ReplyReader {
  readonly #ownField: string;
  /** Prepared replies come back many times in the second that they are good for. */
  #known = new WeakMap<Buffer, ReplyFacts>();
  #knownCount = 0;

  constructor(cacheName: string) {
    this.#ownField = `\r\ncache-status: ${cacheName};`;
  }

  /** `head` may have a body behind it. */
  read(head: Buffer, isPrepared: boolean): ReplyFacts {
    const known = isPrepared ? this.#known.get(head) : undefined;
    if (known) return known;
    const facts = this.#parse(head);
    if (isPrepared) {
      // Buffers are kept alive by nobody here; the count only bounds the table between collections.
      if (++this.#knownCount > REMEMBERED_MAX) {
        this.#known = new WeakMap();
        this.#knownCount = 0;
      }
      this.#known.set(head, facts);
    }
    return facts;
  }

  #parse(head: Buffer): ReplyFacts {
    const end = head.indexOf('\r\n\r\n');
    const text = head.toString('latin1', 0, end < 0 ? head.length : end + 2);
    const told = this.#told(text);
    return {
      status: Number(text.slice(9, 12)),
      hit: kindOf(told),
      detail: told.includes('fwd=') ? paramOf(told, '; detail=') : '',
      head: text,
    };
  }

  /** What this cache said, in the last such field: caches behind it may have said something too. */
  #told(text: string): string {
    const at = text.lastIndexOf(this.#ownField);
    return at < 0 ? '' : text.slice(at + this.#ownField.length - 1, text.indexOf('\r\n', at + 2));
  }
}

/** A field of a reply's head; empty when it is not there. */
export function replyField(head: string, name: string): string {
  const at = head.indexOf(`\r\n${name}: `);
  if (at < 0) return '';
  const start = at + name.length + 4;
  return head.slice(start, head.indexOf('\r\n', start));
}

function paramOf(told: string, name: string): string {
  const at = told.indexOf(name);
  return at < 0 ? '' : (told.slice(at + name.length).split(';', 1)[0] as string);
}

function kindOf(told: string): HitKind {
  if (told === '') return 'none';
  if (told.startsWith('; hit')) {
    if (told.includes('detail=stale')) return 'stale';
    return told.includes('detail=disk') ? 'disk' : 'memory';
  }
  if (told.includes('fwd=stale')) return 'revalidated';
  if (told.includes('fwd=bypass')) return 'pass';
  if (told.includes('; collapsed')) return 'collapsed';
  return told.includes('; detail=') ? 'failed' : 'miss';
}
