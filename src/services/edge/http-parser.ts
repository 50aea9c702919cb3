/**
 * Reads the head of one HTTP/1.1 request from bytes, strictly: whatever two parsers could read in two ways is
 * refused, which closes request smuggling. Source: RFC 9112, and RFC 9110 section 5 for fields.
 * It makes no string but of what the edge uses, and does no I/O.
 */
import type { Fields } from './fields.ts';
import {
  BYTE,
  equalsIgnoringCase,
  HOST_BYTE,
  KNOWN_HEADERS,
  LOWER_TOKEN,
  TARGET_BYTE,
  VALUE_BYTE,
} from './http-bytes.ts';

export const HEAD_BYTES_MAX = 16 * 1024;
export const TARGET_BYTES_MAX = 8 * 1024;
export const HEADERS_MAX = 100;
const METHOD_BYTES_MAX = 24;

export type ParseFault = { status: 400 | 411 | 413 | 414 | 417 | 431 | 501 | 503 | 505; message: string };

/** One request's head. Empty text stands for a header that is not there. */
export type RequestHead = {
  method: string;
  target: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor: 0 | 1;
  keepAlive: boolean;
  /** Length of the request's body. */
  bodyBytes: number;
  expectsContinue: boolean;
  range: string;
  ifRange: string;
  ifNoneMatch: string;
  ifModifiedSince: string;
  /** True when one of the four above is there. */
  conditional: boolean;
};

const NO_BYTES = Buffer.alloc(0);
const INCOMPLETE = 0;
const REFUSED = -1;

export class HttpParser {
  /** The last head that was complete; reused for each request of a connection. */
  readonly head: RequestHead = emptyHead();
  /** Why the last `parse` refused. */
  fault: ParseFault = { status: 400, message: '' };
  #hosts = 0;
  #contentLength = -1;
  #transferEncoding = '';
  #connection = '';
  #expect = '';
  /** Where the last head's parts lie in its bytes. */
  #bytes: Buffer = NO_BYTES;
  #fieldsStart = 0;
  #hostStart = 0;
  #hostEnd = 0;

  /** Bytes that the head takes from `start` on; 0 when it is not complete yet, -1 when it was refused. */
  parse(bytes: Buffer, start: number, end: number): number {
    this.#reset();
    let at = start;
    if (bytes[at] === BYTE.CR) {
      // One empty line before a request is skipped, as RFC 9112 section 2.2 asks.
      if (at + 1 >= end) return INCOMPLETE;
      if (bytes[at + 1] !== BYTE.LF) return this.#refuse(400, 'a carriage return without its line feed');
      at += 2;
    }
    const line = this.#requestLine(bytes, at, end);
    if (line <= 0) return line === INCOMPLETE ? this.#short(start, end, 414) : REFUSED;
    this.#bytes = bytes;
    this.#fieldsStart = line;
    const fields = this.#fields(bytes, line, end);
    if (fields <= 0) return fields === INCOMPLETE ? this.#short(start, end, 431) : REFUSED;
    if (fields - start > HEAD_BYTES_MAX) return this.#refuse(431, 'the head is too large');
    return this.#check() ? fields - start : REFUSED;
  }

  /** The Host of the last head; call it before its bytes are used for others. */
  host(): string {
    return this.#bytes.toString('latin1', this.#hostStart, this.#hostEnd);
  }

  /** All fields of the last head, in their order; call it before its bytes are used for others. */
  fields(): Fields {
    const fields: Array<readonly [string, string]> = [];
    const bytes = this.#bytes;
    for (let at = this.#fieldsStart; bytes[at] !== BYTE.CR; ) {
      const colon = bytes.indexOf(BYTE.COLON, at);
      const end = bytes.indexOf(BYTE.CR, colon);
      const name = bytes.toString('latin1', at, colon).toLowerCase();
      fields.push([name, bytes.toString('latin1', colon + 1, end).replace(/^[ \t]+|[ \t]+$/g, '')]);
      at = end + 2;
    }
    return fields;
  }

  #reset(): void {
    const { head } = this;
    head.bodyBytes = 0;
    head.expectsContinue = false;
    if (head.conditional) {
      head.range = head.ifRange = head.ifNoneMatch = head.ifModifiedSince = '';
      head.conditional = false;
    }
    this.#hosts = this.#hostStart = this.#hostEnd = 0;
    this.#contentLength = -1;
    this.#transferEncoding = this.#connection = this.#expect = '';
  }

  #refuse(status: ParseFault['status'], message: string): number {
    this.fault = { status, message };
    return REFUSED;
  }

  #reject(status: ParseFault['status'], message: string): false {
    this.fault = { status, message };
    return false;
  }

  /** More bytes may complete it, unless there are too many already. */
  #short(start: number, end: number, status: 414 | 431): number {
    if (end - start < HEAD_BYTES_MAX) return INCOMPLETE;
    return this.#refuse(status, status === 414 ? 'the request target is too long' : 'the head is too large');
  }

  /** Where the first field starts, INCOMPLETE or REFUSED. */
  #requestLine(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && LOWER_TOKEN[bytes[at] as number] !== 0) at++;
    if (at - start > METHOD_BYTES_MAX) return this.#refuse(501, 'no such method');
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== BYTE.SP || at === start) return this.#refuse(400, 'bad request line');
    this.head.method =
      at - start === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54
        ? 'GET'
        : bytes.toString('latin1', start, at);
    const target = ++at;
    while (at < end && TARGET_BYTE[bytes[at] as number] !== 0) at++;
    if (at - target > TARGET_BYTES_MAX) return this.#refuse(414, 'the request target is too long');
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== BYTE.SP || at === target) return this.#refuse(400, 'bad request target');
    const version = this.#version(bytes, at + 1, end);
    if (version > 0) this.head.target = bytes.toString('latin1', target, at);
    return version;
  }

  #version(bytes: Buffer, start: number, end: number): number {
    const name = 'HTTP/1.';
    for (let i = 0; i < name.length; i++) {
      if (start + i >= end) return INCOMPLETE;
      if (bytes[start + i] === name.charCodeAt(i)) continue;
      if (i === 5 && isDigit(bytes[start + i])) return this.#refuse(505, 'only HTTP/1.1 is spoken here');
      return this.#refuse(400, 'bad HTTP version');
    }
    const at = start + name.length;
    if (at >= end) return INCOMPLETE;
    const minor = (bytes[at] as number) - 0x30;
    if (minor !== 0 && minor !== 1) {
      return isDigit(bytes[at])
        ? this.#refuse(505, 'only HTTP/1.1 is spoken here')
        : this.#refuse(400, 'bad HTTP version');
    }
    this.head.minor = minor;
    if (at + 1 < end && bytes[at + 1] !== BYTE.CR) return this.#refuse(400, 'bad request line');
    if (at + 2 < end && bytes[at + 2] !== BYTE.LF) return this.#refuse(400, 'bad request line');
    return at + 2 < end ? at + 3 : INCOMPLETE;
  }

  /** Where the head ends, INCOMPLETE or REFUSED. */
  #fields(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (let count = 0; ; count++) {
      if (at >= end) return INCOMPLETE;
      if (bytes[at] === BYTE.CR) {
        if (at + 1 >= end) return INCOMPLETE;
        return bytes[at + 1] === BYTE.LF ? at + 2 : this.#refuse(400, 'bad end of the head');
      }
      if (count === HEADERS_MAX) return this.#refuse(431, 'too many header fields');
      at = this.#field(bytes, at, end);
      if (at <= 0) return at;
    }
  }

  #field(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let hash = 0;
    for (; at < end; at++) {
      const lower = LOWER_TOKEN[bytes[at] as number] as number;
      if (lower === 0) break;
      hash = (Math.imul(hash, 31) + lower) | 0;
    }
    if (at === end) return INCOMPLETE;
    // A space before the colon, a folded line and a bare line feed all end up here.
    if (bytes[at] !== BYTE.COLON || at === start) return this.#refuse(400, 'bad header field name');
    const nameEnd = at++;
    while (at < end && (bytes[at] === BYTE.SP || bytes[at] === BYTE.HTAB)) at++;
    const value = at;
    while (at < end && VALUE_BYTE[bytes[at] as number] !== 0) at++;
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== BYTE.CR) return this.#refuse(400, 'bad byte in a header field');
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== BYTE.LF) return this.#refuse(400, 'a carriage return without its line feed');
    const known = KNOWN_HEADERS.get(hash);
    if (known !== undefined && equalsIgnoringCase(bytes, start, nameEnd, known)) {
      let valueEnd = at;
      while (valueEnd > value && isBlank(bytes[valueEnd - 1])) valueEnd--;
      if (!this.#take(known, bytes, value, valueEnd)) return REFUSED;
    }
    return at + 2;
  }

  #take(name: string, bytes: Buffer, start: number, end: number): boolean {
    if (name === 'host') return this.#takeHost(bytes, start, end);
    const text = bytes.toString('latin1', start, end);
    const { head } = this;
    switch (name) {
      case 'content-length':
        return this.#takeLength(text);
      case 'transfer-encoding':
        this.#transferEncoding = joined(this.#transferEncoding, text || '-');
        return true;
      case 'connection':
        this.#connection = joined(this.#connection, text.toLowerCase());
        return true;
      case 'expect':
        this.#expect = joined(this.#expect, text.toLowerCase() || '-');
        return true;
      case 'range':
        head.range = joined(head.range, text);
        break;
      case 'if-range':
        head.ifRange = joined(head.ifRange, text);
        break;
      case 'if-none-match':
        head.ifNoneMatch = joined(head.ifNoneMatch, text);
        break;
      default:
        head.ifModifiedSince = joined(head.ifModifiedSince, text);
    }
    head.conditional = true;
    return true;
  }

  #takeHost(bytes: Buffer, start: number, end: number): boolean {
    if (++this.#hosts > 1) return this.#reject(400, 'more than one Host');
    if (start === end) return this.#reject(400, 'an empty Host');
    for (let at = start; at < end; at++) {
      if (HOST_BYTE[bytes[at] as number] === 0) return this.#reject(400, 'bad Host');
    }
    this.#hostStart = start;
    this.#hostEnd = end;
    return true;
  }

  #takeLength(text: string): boolean {
    if (this.#contentLength >= 0) return this.#reject(400, 'more than one Content-Length');
    if (!/^[0-9]{1,15}$/.test(text)) return this.#reject(400, 'bad Content-Length');
    this.#contentLength = Number(text);
    return true;
  }

  /** What can only be judged when all fields are known. */
  #check(): boolean {
    const { head } = this;
    if (this.#hosts === 0 && head.minor === 1) return this.#reject(400, 'no Host');
    if (this.#transferEncoding !== '') return this.#refuseEncoding();
    if (this.#contentLength > 0) head.bodyBytes = this.#contentLength;
    if (this.#expect !== '' && head.minor === 1) {
      if (this.#expect !== '100-continue') return this.#reject(417, 'no such expectation');
      head.expectsContinue = true;
    }
    head.keepAlive = head.minor === 1;
    if (this.#connection !== '') {
      const options = this.#connection.split(',').map((option) => option.trim());
      if (options.includes('close')) head.keepAlive = false;
      else if (options.includes('keep-alive')) head.keepAlive = true;
    }
    return true;
  }

  #refuseEncoding(): boolean {
    if (this.#contentLength >= 0 || this.head.minor === 0) {
      return this.#reject(400, 'Transfer-Encoding is not allowed here');
    }
    const chunked = this.#transferEncoding.toLowerCase() === 'chunked';
    return this.#reject(chunked ? 411 : 501, 'a body needs a Content-Length here');
  }
}

function emptyHead(): RequestHead {
  return {
    method: '',
    target: '',
    minor: 1,
    keepAlive: true,
    bodyBytes: 0,
    expectsContinue: false,
    range: '',
    ifRange: '',
    ifNoneMatch: '',
    ifModifiedSince: '',
    conditional: false,
  };
}

/** Two fields of one name are one field whose values are joined (RFC 9110 section 5.3). */
function joined(before: string, text: string): string {
  return before === '' ? text : `${before}, ${text}`;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isBlank(byte: number | undefined): boolean {
  return byte === BYTE.SP || byte === BYTE.HTAB;
}
