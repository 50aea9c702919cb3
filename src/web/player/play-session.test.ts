import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../contracts/call.ts';
import { isMatineeError } from '../../platform/errors.ts';
import { createPlaySession } from './play-session.ts';
import { fakeTimers } from './timers.testing.ts';

const TITLE = '0123456789abcdefghjkmnpqrs';
const SESSION = '0123456789abcdefghjkmnpqrt';
const START = Date.parse('2026-01-01T00:00:00Z');

type Answer = { status: number; body?: unknown } | 'silence' | 'refused';

const playOf = (publication: number, lifeS = 600, atMs = START) => ({
  session: SESSION,
  manifests: { hls: 'http://a/t/x.m3u8', dash: 'http://a/t/x.mpd' },
  edges: [{ name: 'a', url: 'http://a' }],
  publication,
  durationS: 90,
  positionS: 12,
  expiresAt: new Date(atMs + lifeS * 1000).toISOString(),
});
const failure = (status: number, code: string) => ({ status, body: { error: { code, message: code } } });

function open(answer: (call: string) => Answer) {
  const timers = fakeTimers(START);
  const calls: string[] = [];
  const transport: Transport = (path, init) => {
    const call = `${init.method} ${path.replace(/^\/api\/(titles|sessions)\/[^/]+\/?/, '')}`.trim();
    calls.push(init.keepalive ? `${call} (lasting)` : call);
    const said = answer(call);
    if (said === 'refused') return Promise.reject(new TypeError('refused'));
    if (said === 'silence') {
      return new Promise((_, reject) =>
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason), { once: true }),
      );
    }
    const body = said.status === 204 ? null : JSON.stringify(said.body);
    return Promise.resolve(new Response(body, { status: said.status }));
  };
  const session = createPlaySession({ transport, titleId: TITLE, device: 'd', timers });
  return { timers, calls, session, signal: new AbortController().signal };
}

const REPORT = { positionS: 5, state: 'playing' } as const;

test('renewals are shared by those who ask together', async () => {
  const { session, calls, signal } = open(() => ({ status: 200, body: playOf(1) }));
  await session.open(signal);
  const plays = await Promise.all([session.renew([]), session.renew(['a']), session.renew([])]);
  assert.equal(new Set(plays).size, 1);
  assert.deepEqual(calls, ['POST play', 'POST renew']);
});

test('renewals in a row keep a distance, and give up after some tries', async () => {
  const { session, calls, signal, timers } = open((call) =>
    call === 'POST renew' ? 'refused' : { status: 200, body: playOf(1) },
  );
  await session.open(signal);
  const renewing = session.renew([]);
  renewing.catch(() => undefined);
  await timers.advance(0);
  assert.equal(calls.filter((call) => call === 'POST renew').length, 1);
  await timers.advance(60_000);
  await assert.rejects(renewing);
  assert.equal(calls.filter((call) => call === 'POST renew').length, 4);
});

test('a session that the server has forgotten is opened anew', async () => {
  const { session, calls, signal } = open((call) =>
    call === 'POST play' ? { status: 200, body: playOf(7) } : failure(404, 'not_found'),
  );
  await session.open(signal);
  assert.equal((await session.renew([])).publication, 7);
  assert.equal(await session.report(REPORT, signal), 7);
  assert.deepEqual(calls, ['POST play', 'POST renew', 'POST play', 'POST heartbeat', 'POST play']);
});

test('what will not change by asking again is told at once', async () => {
  const { session, calls, signal } = open((call) =>
    call === 'POST play' ? { status: 200, body: playOf(1) } : failure(409, 'conflict'),
  );
  await session.open(signal);
  await assert.rejects(session.renew([]), (error) => isMatineeError(error, 'conflict'));
  assert.equal(calls.length, 2);
});

test('a token is renewed before it ends, not while it is fresh', async () => {
  const { session, signal, timers } = open(() => ({ status: 200, body: playOf(1, 600) }));
  await session.open(signal);
  await timers.advance(400_000);
  assert.equal(session.renewalDue(), false);
  await timers.advance(90_000);
  assert.equal(session.renewalDue(), true);
});

test('a clock that is far ahead does not renew without end', async () => {
  const { session, signal, timers } = open(() => ({ status: 200, body: playOf(1, 600, START - 3_600_000) }));
  await session.open(signal);
  assert.equal(session.renewalDue(), false);
  await timers.advance(29_000);
  assert.equal(session.renewalDue(), false);
});

test('a server that accepts a call and says nothing is given up on', async () => {
  const { session, signal, timers } = open(() => 'silence');
  const opening = session.open(signal);
  opening.catch(() => undefined);
  await timers.advance(30_000);
  await assert.rejects(opening);
});

test('leaving reports the place and ends the session, at once when the page goes', async () => {
  const answers = (call: string): Answer =>
    call === 'POST play'
      ? { status: 200, body: playOf(1) }
      : call === 'DELETE'
        ? { status: 204 }
        : { status: 200, body: { publication: 1 } };
  const going = open(answers);
  await going.session.open(going.signal);
  going.session.leave(REPORT, true);
  going.session.leave(REPORT, true);
  assert.deepEqual(going.calls.slice(1), ['POST heartbeat (lasting)', 'DELETE (lasting)']);

  const staying = open(answers);
  await staying.session.open(staying.signal);
  staying.session.leave(REPORT, false);
  assert.deepEqual(staying.calls.slice(1), ['POST heartbeat (lasting)']);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(staying.calls.slice(1), ['POST heartbeat (lasting)', 'DELETE (lasting)']);
});
