/*
 * Runs inside the sandbox, before a function's own code: the modules that functions may import. What needs bytes,
 * digests or the key-value store is asked of the host; nothing here reaches anything else.
 */
(function modules(host) {
  const ENCODINGS = ['utf8', 'utf-8', 'hex', 'base64', 'base64url', 'latin1', 'binary', 'ascii'];

  function encodingOf(name) {
    const encoding = name === undefined ? 'utf8' : String(name).toLowerCase();
    if (!ENCODINGS.includes(encoding)) throw new TypeError(`unknown encoding: ${name}`);
    return encoding;
  }

  function bytesOf(value, encoding) {
    if (typeof value === 'string') return new Uint8Array(host.encode(value, encodingOf(encoding)));
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    throw new TypeError('expected a string, a buffer or a typed array');
  }

  /** The part of memory that a view shows, as a buffer of its own. */
  function exactBuffer(bytes) {
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  }

  class Buffer extends Uint8Array {
    static from(value, encodingOrOffset, length) {
      if (typeof value === 'string') return new Buffer(host.encode(value, encodingOf(encodingOrOffset)));
      if (value instanceof ArrayBuffer) return new Buffer(value, encodingOrOffset, length);
      if (value !== null && typeof value === 'object') return new Buffer(value);
      throw new TypeError('Buffer.from takes a string, an array or a buffer');
    }
    static alloc(size, fill, encoding) {
      const buffer = new Buffer(size);
      if (fill === undefined) return buffer;
      if (typeof fill === 'number') return buffer.fill(fill);
      const bytes = bytesOf(fill, encoding);
      for (let i = 0; bytes.length > 0 && i < size; i++) buffer[i] = bytes[i % bytes.length];
      return buffer;
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static byteLength(value, encoding) {
      return bytesOf(value, encoding).byteLength;
    }
    static concat(list) {
      const joined = new Buffer(list.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of list) {
        joined.set(part, at);
        at += part.length;
      }
      return joined;
    }
    static compare(a, b) {
      const length = Math.min(a.length, b.length);
      for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }
    toString(encoding, start = 0, end = this.length) {
      return host.decode(exactBuffer(this.subarray(start, end)), encodingOf(encoding));
    }
    toJSON() {
      return { type: 'Buffer', data: Array.from(this) };
    }
    equals(other) {
      return Buffer.compare(this, other) === 0;
    }
    compare(other) {
      return Buffer.compare(this, other);
    }
    slice(start, end) {
      return this.subarray(start, end);
    }
  }

  class Hash {
    #id;
    constructor(id) {
      this.#id = id;
    }
    update(data, encoding) {
      if (typeof data === 'string' && encoding === undefined) host.hashText(this.#id, data);
      else host.hashBytes(this.#id, exactBuffer(bytesOf(data, encoding)));
      return this;
    }
    digest(encoding) {
      const bytes = host.hashEnd(this.#id);
      return encoding === undefined ? new Buffer(bytes) : host.decode(bytes, encodingOf(encoding));
    }
  }

  const crypto = {
    createHash: (algorithm) => new Hash(host.hashOpen(String(algorithm))),
    createHmac: (algorithm, key) => new Hash(host.hashOpen(String(algorithm), exactBuffer(bytesOf(key)))),
  };

  function unescaped(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  const querystring = {
    escape: (text) => encodeURIComponent(text),
    unescape: unescaped,
    parse(text, separator = '&', equals = '=', options = {}) {
      const decode = options.decodeURIComponent ?? querystring.unescape;
      const found = Object.create(null);
      if (typeof text !== 'string' || text === '') return found;
      for (const pair of text.split(separator).slice(0, options.maxKeys || undefined)) {
        if (pair === '') continue;
        const at = pair.indexOf(equals);
        const part = (raw) => decode(raw.replaceAll('+', ' '));
        const name = part(at < 0 ? pair : pair.slice(0, at));
        const value = at < 0 ? '' : part(pair.slice(at + equals.length));
        if (!(name in found)) found[name] = value;
        else if (Array.isArray(found[name])) found[name].push(value);
        else found[name] = [found[name], value];
      }
      return found;
    },
    stringify(values, separator = '&', equals = '=', options = {}) {
      const encode = options.encodeURIComponent ?? querystring.escape;
      return Object.entries(values ?? {})
        .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one]))
        .map(([name, value]) => encode(name) + equals + encode(value ?? ''))
        .join(separator);
    },
  };
  querystring.encode = querystring.stringify;
  querystring.decode = querystring.parse;

  const cloudfront = {
    kvs(id) {
      const store = host.kvOpen(id === undefined ? '' : String(id));
      const text = (key) => {
        if (typeof key !== 'string') throw new TypeError('a key is a string');
        return key;
      };
      return {
        async get(key, options) {
          const value = host.kvGet(store, text(key));
          const format = options?.format ?? 'string';
          if (format === 'string') return value;
          if (format === 'json') return JSON.parse(value);
          if (format === 'bytes') return new Buffer(host.encode(value, 'utf8'));
          throw new TypeError(`unknown format: ${format}`);
        },
        exists: async (key) => host.kvExists(store, text(key)) === 1,
        count: async () => JSON.parse(host.kvMeta(store)).keyCount,
        meta: async () => JSON.parse(host.kvMeta(store)),
      };
    },
  };

  return { cloudfront, crypto, querystring, buffer: { Buffer }, bytesOf, exactBuffer };
});
