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
  #second = -1;
  #date = '';

  constructor(edgeName: string) {
    this.#fixed =
      `x-matinee-edge: ${edgeName}\r\naccess-control-allow-origin: *\r\n` +
      `access-control-expose-headers: ${EXPOSED}\r\ntiming-allow-origin: *\r\n` +
      'cross-origin-resource-policy: cross-origin\r\nx-content-type-options: nosniff\r\n';
  }

  /** `fields` is lines that end in CRLF; `extraBytes` is room for a body that follows in the same buffer. */
  head(status: number, fields: string, connection: ConnectionField, nowMs: number, extraBytes = 0): Buffer {
    const close = connection === '' ? '' : `connection: ${connection}\r\n`;
    const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ndate: ${this.#dateText(nowMs)}\r\n${this.#fixed}${fields}${close}\r\n`;
    const bytes = Buffer.allocUnsafeSlow(text.length + extraBytes);
    bytes.write(text, 0, 'latin1');
    return bytes;
  }

  /** Head and body in one buffer. */
  joined(
    status: number,
    fields: string,
    connection: ConnectionField,
    nowMs: number,
    body: Uint8Array,
  ): Buffer {
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
    const all = `content-type: application/json\r\ncache-control: no-store\r\ncontent-length: ${body.length}\r\n${fields}`;
    return this.joined(status, all, connection, nowMs, withBody ? body : new Uint8Array(0));
  }

  error(reply: ErrorReply, connection: ConnectionField, nowMs: number, withBody: boolean): Buffer {
    const document = { error: { code: reply.code, message: reply.message } };
    return this.json(reply.status, document, reply.fields ?? '', connection, nowMs, withBody);
  }

  #dateText(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    return this.#date;
  }
}
