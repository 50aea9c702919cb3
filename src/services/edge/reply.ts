/** Writes reply heads as bytes. It decides nothing: status, fields and lengths come in. */
import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../../platform/errors.ts';

export type ConnectionField = '' | 'close' | 'keep-alive';

export type ErrorReply = {
  status: number;
  code: ErrorCode;
  message: string;
  fields?: string;
};

/** What a page's script may read of a reply from another origin; players measure and choose by these. */
const EXPOSED = 'content-length, content-range, accept-ranges, etag, date, age, cache-status, x-matinee-edge';

export class ReplyWriter {
  readonly #fixed: string;
  readonly #isDated: boolean;
  #second = -1;
  #date = '';

  private constructor(fixed: string, isDated: boolean) {
    this.#fixed = fixed;
    this.#isDated = isDated;
  }

  /** For films: any page may read them, and every reply has the date of its sending. */
  static forMedia(edgeName: string): ReplyWriter {
    const fixed =
      `x-matinee-edge: ${edgeName}\r\naccess-control-allow-origin: *\r\n` +
      `access-control-expose-headers: ${EXPOSED}\r\ntiming-allow-origin: *\r\n` +
      'cross-origin-resource-policy: cross-origin\r\nx-content-type-options: nosniff\r\n';
    return new ReplyWriter(fixed, true);
  }

  /** For sites: what they say is theirs to say, and the date is that of the origin's reply. */
  static forSites(edgeName: string): ReplyWriter {
    return new ReplyWriter(`via: 1.1 ${edgeName}\r\n`, false);
  }

  /** `fields` is lines that end in CRLF; `extraBytes` is room for a body that follows in the same buffer. */
  head(status: number, fields: string, connection: ConnectionField, nowMs: number, extraBytes = 0): Buffer {
    const text = this.#text(status, fields, connection, nowMs);
    // A head alone is soon gone, so it may come from the pool; what is kept with a body must not.
    if (extraBytes === 0) return Buffer.from(text, 'latin1');
    const bytes = Buffer.allocUnsafeSlow(text.length + extraBytes);
    bytes.write(text, 0, 'latin1');
    return bytes;
  }

  /**
   * Head and body in one buffer. `before` is one with the same body that nobody else looks at any more: a head of
   * the same length is written over its head.
   */
  joined(
    status: number,
    fields: string,
    connection: ConnectionField,
    nowMs: number,
    body: Uint8Array,
    before?: Buffer,
  ): Buffer {
    if (before) {
      const text = this.#text(status, fields, connection, nowMs);
      if (before.length === text.length + body.length) {
        before.write(text, 0, 'latin1');
        return before;
      }
    }
    const bytes = this.head(status, fields, connection, nowMs, body.length);
    bytes.set(body, bytes.length - body.length);
    return bytes;
  }

  /** A short JSON document, as every failure of the program is. */
  json(
    status: number,
    document: unknown,
    fields: string,
    connection: ConnectionField,
    nowMs: number,
    withBody: boolean,
  ): Buffer {
    const body = Buffer.from(JSON.stringify(document), 'utf8');
    const date = this.#isDated ? '' : this.dateLine(nowMs);
    const all = `${date}content-type: application/json\r\ncache-control: no-store\r\ncontent-length: ${body.length}\r\n${fields}`;
    return this.joined(status, all, connection, nowMs, withBody ? body : new Uint8Array(0));
  }

  error(reply: ErrorReply, connection: ConnectionField, nowMs: number, withBody: boolean): Buffer {
    const document = { error: { code: reply.code, message: reply.message } };
    return this.json(reply.status, document, reply.fields ?? '', connection, nowMs, withBody);
  }

  #text(status: number, fields: string, connection: ConnectionField, nowMs: number): string {
    const close = connection === '' ? '' : `connection: ${connection}\r\n`;
    return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${this.#isDated ? this.dateLine(nowMs) : ''}${this.#fixed}${fields}${close}\r\n`;
  }

  dateLine(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
    }
    return this.#date;
  }
}
