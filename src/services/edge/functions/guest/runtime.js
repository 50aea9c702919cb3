/*
 * Runs inside the sandbox, before a function's own code: puts the globals in place, takes away those that build code
 * from text, and gives the host three doors: install, run, take. Everything it needs later is captured here, so
 * that a function which overwrites a builtin spoils nothing but its own call.
 */
(function start(host, modules, outputCharsMax) {
  const { parse, stringify } = JSON;
  const { apply, construct } = Reflect;
  const { then } = Promise.prototype;
  const resolve = Promise.resolve.bind(Promise);
  const NativeDate = Date;
  const { imul } = Math;
  let handler;
  let settled;
  let now = 0;
  let seed = 0;

  function hide(object, name, value) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
  }

  function fix(object, name, value) {
    Object.defineProperty(object, name, { value, writable: false, enumerable: false, configurable: false });
  }

  // The time stands still during a call, as it does in CloudFront: no function can time its neighbours.
  const pinned = function (...parts) {
    if (new.target === undefined) return new NativeDate(now).toString();
    return construct(NativeDate, parts.length === 0 ? [now] : parts, new.target);
  };
  pinned.prototype = NativeDate.prototype;
  hide(pinned, 'now', () => now);
  hide(pinned, 'parse', NativeDate.parse);
  hide(pinned, 'UTC', NativeDate.UTC);
  hide(NativeDate.prototype, 'constructor', pinned);
  hide(pinned, 'name', 'Date');
  hide(globalThis, 'Date', pinned);

  // Every call starts from the same memory, so chance has to come from outside. Mixing step: MurmurHash3 finaliser.
  function word() {
    seed = (seed + 0x9e3779b9) | 0;
    let mixed = imul(seed ^ (seed >>> 16), 0x85ebca6b);
    mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }
  hide(Math, 'random', () => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000);

  const forbidden = () => {
    throw new TypeError('code generation from strings is disallowed');
  };
  forbidden.prototype = Function.prototype;
  for (const kind of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    fix(Object.getPrototypeOf(kind), 'constructor', forbidden);
  }
  hide(globalThis, 'Function', forbidden);
  for (const name of ['eval', 'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry'])
    delete globalThis[name];

  function shown(value) {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    try {
      return stringify(value) ?? String(value);
    } catch {
      return '[unprintable]';
    }
  }
  const say = (...values) => host.log(values.map(shown).join(' '));
  hide(globalThis, 'console', { log: say, info: say, warn: say, error: say, debug: say });

  const known = { __proto__: null };
  for (const name of ['cloudfront', 'crypto', 'querystring', 'buffer']) known[name] = modules[name];
  fix(globalThis, 'require', (name) => {
    if (typeof name !== 'string' || known[name] === undefined) throw new Error(`no such module: ${name}`);
    return known[name];
  });
  const { Buffer } = modules.buffer;
  hide(globalThis, 'Buffer', Buffer);
  hide(globalThis, 'atob', (text) => host.decode(host.encode(String(text), 'base64'), 'latin1'));
  hide(globalThis, 'btoa', (text) => host.decode(host.encode(String(text), 'latin1'), 'base64'));
  class TextEncoder {
    encode(text = '') {
      return new Uint8Array(host.encode(String(text), 'utf8'));
    }
  }
  class TextDecoder {
    decode(bytes) {
      return bytes === undefined ? '' : host.decode(modules.exactBuffer(modules.bytesOf(bytes)), 'utf8');
    }
  }
  hide(globalThis, 'TextEncoder', TextEncoder);
  hide(globalThis, 'TextDecoder', TextDecoder);

  function written(value) {
    const text = stringify(value) ?? 'null';
    if (text.length > outputCharsMax) throw new RangeError('the result is too large');
    return text;
  }

  return {
    install(given) {
      if (typeof given !== 'function') throw new TypeError('handler is not a function');
      handler = given;
    },
    /** The result as JSON, or an empty text when it is a promise: then `take` has it once the jobs have run. */
    run(input) {
      const call = parse(input);
      now = call.now;
      seed = call.seed;
      const value = handler(call.event);
      if (value === null || typeof value !== 'object' || typeof value.then !== 'function')
        return written(value);
      settled = undefined;
      const keep = (fulfilled) => (outcome) => {
        settled = { fulfilled, outcome };
      };
      apply(then, resolve(value), [keep(true), keep(false)]);
      return '';
    },
    take() {
      if (settled === undefined) throw new Error('the promise of the handler never settles');
      if (!settled.fulfilled) throw settled.outcome;
      return written(settled.outcome);
    },
  };
});
