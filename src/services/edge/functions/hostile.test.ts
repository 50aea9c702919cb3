/** Functions that mean harm or are broken: each ends soon, with a reason, and leaves the next call as it found it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../../platform/clock.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { silentLog } from '../../../platform/log.ts';
import { openEdgeFunctions } from './edge-functions.ts';
import type { FailureReason } from './event.ts';
import { openForTest, requestEvent } from './functions.testing.ts';

const functions = await openForTest({ callMs: 5, overrunsMax: 1000 });
after(() => functions.close());

/** What each handler of a function does is chosen by the path, so that good calls can follow bad ones. */
async function failsAndRecovers(
  name: string,
  evil: string,
  expected: readonly FailureReason[],
): Promise<void> {
  const code = `function handler(event) {
    if (event.request.uri === '/evil') { ${evil} }
    event.request.headers['x-seen'] = { value: String(globalThis.seen ?? 'nothing') };
    globalThis.seen = 'another call';
    return event.request;
  }`;
  await functions.publish({ name, stage: 'live', code, eventType: 'viewer-request' });
  for (let i = 0; i < 3; i++) {
    const startMs = performance.now();
    const bad = functions.run(name, requestEvent('/evil'), 'v');
    const tookMs = performance.now() - startMs;
    assert.ok(bad.kind === 'failed' && expected.includes(bad.reason), `${name}: ${JSON.stringify(bad)}`);
    assert.ok(tookMs < 400, `${name} took ${tookMs} ms`);
    const good = functions.run(name, requestEvent('/good'), 'v');
    assert.equal(good.kind, 'request', `${name}: ${JSON.stringify(good)}`);
    assert.equal(good.kind === 'request' && good.request.headers['x-seen']?.value, 'nothing');
  }
  functions.remove(name);
}

const EVIL: ReadonlyArray<readonly [name: string, code: string, ...reasons: FailureReason[]]> = [
  ['endless-loop', 'for (;;);', 'timeout'],
  ['caught-endless-loop', 'for (;;) { try { for (;;); } catch { } finally { continue; } }', 'timeout'],
  ['regexp-catastrophe', '/^(a+)+$/.test("a".repeat(40) + "b");', 'timeout'],
  ['search-of-a-huge-array', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);', 'timeout'],
  ['quadratic-search', '"a".repeat(600000).indexOf("a".repeat(300000) + "b");', 'timeout'],
  [
    'copying-without-end',
    'const s = "a".repeat(900000); for (let n = 0; ; ) n += s.slice(1).length;',
    'timeout',
  ],
  ['host-without-end', 'const s = "a".repeat(9000); for (;;) { try { btoa(s); } catch { } }', 'timeout'],
  ['memory-bomb', 'const all = []; for (;;) all.push(new Uint8Array(100000));', 'memory'],
  ['string-bomb', 'let s = "ab"; for (;;) s += s;', 'memory', 'threw'],
  ['deep-recursion', 'const down = (n) => down(n + 1) + 1; down(0);', 'stack'],
  ['deep-json', 'JSON.parse("[".repeat(500000));', 'stack', 'threw', 'memory'],
  ['throw-null', 'throw null;', 'memory', 'threw'],
  ['throw-undefined', 'throw undefined;', 'threw'],
  ['throw-bigint', 'throw 5n;', 'threw'],
  ['throw-symbol', 'throw Symbol("s");', 'threw'],
  ['throw-promise', 'throw Promise.resolve(5n);', 'threw'],
  ['throw-object', 'throw { a: { b: { c: 1 } } };', 'threw'],
  ['throw-trap', 'throw { get message() { for (;;); }, toJSON() { for (;;); } };', 'threw', 'timeout'],
  ['giant-header', 'event.request.headers.x = { value: "x".repeat(20000) };', 'invalid'],
  ['giant-result', 'event.request.headers.x = { value: "x".repeat(300000) };', 'threw'],
  ['nonsense', 'return "nonsense";', 'invalid'],
  ['nothing', 'return;', 'invalid'],
  ['a-loop-of-objects', 'const o = {}; o.o = o; return o;', 'threw'],
  ['never-settles', 'return new Promise(() => {});', 'threw'],
  [
    'endless-jobs',
    'const again = () => Promise.resolve().then(again); return again();',
    'timeout',
    'threw',
    'memory',
  ],
  ['process', 'process.exit(1);', 'threw'],
  ['require-fs', 'require("fs");', 'threw'],
  ['require-proto', 'require("__proto__"); require("constructor");', 'threw'],
  ['fetch', 'fetch("http://127.0.0.1/");', 'threw'],
  ['timer', 'setTimeout(() => {}, 1);', 'threw'],
  ['eval', 'eval("1");', 'threw'],
  ['function-constructor', '(() => {}).constructor("return globalThis")();', 'threw'],
  ['async-constructor', '(async () => {}).constructor("return 1")();', 'threw'],
  ['generator-constructor', 'new (Object.getPrototypeOf(function* () {}).constructor)("yield 1");', 'threw'],
  ['reflect-constructor', 'Reflect.construct(Function, ["return 1"])();', 'threw'],
];

for (const [name, evil, ...reasons] of EVIL) {
  test(`${name} ends as ${reasons.join(' or ')} and does not touch the next call`, () =>
    failsAndRecovers(name, evil, reasons));
}

test('a function that spoils every builtin spoils one call only', async () => {
  const code = `function handler(event) {
    Object.prototype.polluted = 'yes';
    const seen = Array.prototype.seen;
    Array.prototype.seen = 'seen';
    JSON.stringify = () => '{"statusCode":200}';
    JSON.parse = () => null;
    Promise.prototype.then = () => { throw new Error('mine'); };
    Promise.resolve = null;
    Reflect.apply = null;
    delete globalThis.console;
    delete globalThis.Buffer;
    event.request.uri = seen === undefined ? '/fresh' : '/spoilt';
    return (async () => event.request)();
  }`;
  await functions.publish({ name: 'spoil', stage: 'live', code, eventType: 'viewer-request' });
  for (let i = 0; i < 20; i++) {
    const result = functions.run('spoil', requestEvent('/'), 'v');
    assert.equal(result.kind === 'request' && result.request.uri, '/fresh', JSON.stringify(result));
  }
});

test('state of the top-level code is there in each call, as it was published', async () => {
  const code = `const seen = []; function handler(event) {
    seen.push(event.request.uri); event.request.uri = '/' + seen.length; return event.request; }`;
  await functions.publish({ name: 'counter', stage: 'live', code, eventType: 'viewer-request' });
  for (let i = 0; i < 3; i++) {
    const result = functions.run('counter', requestEvent('/'), 'v');
    assert.equal(result.kind === 'request' && result.request.uri, '/1');
  }
});

test('a log is cut at its limit', async () => {
  const code = `function handler(event) {
    for (let i = 0; i < 50; i++) console.log('x'.repeat(1000)); return event.request; }`;
  const { logs } = await functions.test(code, requestEvent());
  const bytes = logs.reduce((sum, line) => sum + line.length, 0);
  assert.ok(bytes > 3000 && bytes < 4200, String(bytes));
});

test('code that cannot serve is refused with its line', async () => {
  const cases: ReadonlyArray<readonly [code: string, line: number | undefined, text: RegExp]> = [
    ['function handler(event) {\n  let x = ;\n}', 2, /SyntaxError/],
    ['const x = 1;', undefined, /handler/],
    ['\n\nconst handler = 7;', undefined, /not a function/],
    ['const a = 1;\nthrow new Error("top");\nfunction handler() {}', 2, /top/],
    ['import fs from "fs"; function handler() {}', undefined, /no such module/],
    ['for (;;);\nfunction handler() {}', undefined, /too long/],
    ['await new Promise(() => {});\nfunction handler() {}', undefined, /never comes/],
    // Which of the two limits it runs into first is a matter of how fast the machine is.
    [
      'const all = []; for (;;) all.push(new Array(1000));\nfunction handler() {}',
      undefined,
      /memory|too long/,
    ],
    ['function handler() {} /*', undefined, /SyntaxError/],
    ['throw 5n; function handler() {}', undefined, /5n/],
  ];
  for (const [code, line, text] of cases) {
    await assert.rejects(
      functions.publish({ name: 'bad', stage: 'live', code, eventType: 'viewer-request' }),
      (error) => {
        assert.ok(isMatineeError(error, 'invalid_request'), String(error));
        assert.match(error.message, text);
        if (line !== undefined) assert.equal(error.details.line, line, code);
        return true;
      },
    );
  }
  await assert.rejects(
    functions.publish({
      name: 'big',
      stage: 'live',
      code: `//${'x'.repeat(10240)}`,
      eventType: 'viewer-request',
    }),
    (error) => isMatineeError(error, 'too_large'),
  );
});

test('a version that overruns again and again rests, then is called again', async () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonic: () => nowMs };
  const own = await openEdgeFunctions(
    { clock, log: silentLog },
    { limits: { overrunsMax: 2, restMs: 1000 } },
  );
  const code =
    'function handler(event) { if (event.request.uri === "/evil") for (;;); return event.request; }';
  await own.publish({ name: 'f', stage: 'live', code, eventType: 'viewer-request' });
  const run = (uri: string) => {
    const result = own.run('f', requestEvent(uri), 'v');
    return result.kind === 'failed' ? result.reason : result.kind;
  };
  // The clock stands still, so it is the fuel that ends these.
  assert.deepEqual([run('/evil'), run('/evil'), run('/good')], ['timeout', 'timeout', 'resting']);
  nowMs = 1000;
  assert.deepEqual(
    [run('/evil'), run('/good'), run('/evil'), run('/good')],
    ['timeout', 'request', 'timeout', 'request'],
  );
  assert.deepEqual(
    own.costs().map(({ calls, errors, throttled }) => ({ calls, errors, throttled })),
    [{ calls: 7, errors: 0, throttled: 5 }],
  );
  own.close();
});
