import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { openHttpServer } from './http.ts';
import { silentLog } from './log.ts';
import type { Health, RequestContext } from './service.ts';

const base = { host: '127.0.0.1', port: 0, log: silentLog, health: (): Health => ({ ready: true }) };

test('the handler gets the raw target, whatever a URL parser would make of it', async () => {
  const targets: string[] = [];
  await using server = await openHttpServer({
    ...base,
    handle: async (_request, context: RequestContext) => {
      targets.push(context.rawTarget);
      return new Response('ok');
    },
  });
  for (const path of ['/bucket/../a//b', '/b/%2e%2e/c?x=%20', '/%41']) await send(server.port, { path });
  assert.deepEqual(targets, ['/bucket/../a//b', '/b/%2e%2e/c?x=%20', '/%41']);
});

test('health is 503 with reasons until ready, then 200', async () => {
  let health: Health = { ready: false, reasons: ['database: starting'] };
  await using server = await openHttpServer({
    ...base,
    health: () => health,
    handle: async () => new Response(),
  });
  const before = await fetch(`${server.url}/healthz`);
  assert.equal(before.status, 503);
  assert.deepEqual(await before.json(), { ready: false, reasons: ['database: starting'] });
  health = { ready: true };
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test('a body that waits for 100 Continue is asked for only when the handler reads it', async () => {
  await using server = await openHttpServer({
    ...base,
    handle: async (received) =>
      received.url.endsWith('/refuse')
        ? new Response('no', { status: 403 })
        : new Response(await received.text()),
  });
  const expecting = {
    method: 'PUT',
    headers: { expect: '100-continue', 'content-length': '5' },
    body: 'hello',
  };
  assert.deepEqual(await send(server.port, { ...expecting, path: '/accept' }), {
    status: 200,
    text: 'hello',
    continued: true,
  });
  assert.deepEqual(await send(server.port, { ...expecting, path: '/refuse' }), {
    status: 403,
    text: 'no',
    continued: false,
  });
});

test('closing lets an open request end', async () => {
  const entered = Promise.withResolvers<void>();
  const server = await openHttpServer({
    ...base,
    handle: async () => {
      entered.resolve();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return new Response('late');
    },
  });
  const answer = fetch(server.url);
  await entered.promise;
  await server.close();
  assert.equal(await (await answer).text(), 'late');
});

test('a taken port is a clear fault of the configuration', async () => {
  await using server = await openHttpServer({ ...base, handle: async () => new Response() });
  const second = openHttpServer({ ...base, port: server.port, handle: async () => new Response() });
  await assert.rejects(second, { code: 'invalid_config' });
});

type Sent = { status: number | undefined; text: string; continued: boolean };

function send(
  port: number,
  options: { path: string; method?: string; headers?: Record<string, string>; body?: string },
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const { path, method = 'GET', headers = {}, body } = options;
    let continued = false;
    const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    call.on('continue', () => {
      continued = true;
      call.end(body);
    });
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode, text, continued });
        call.destroy();
      });
    });
    call.on('error', reject);
    if (headers.expect) call.flushHeaders();
    else call.end(body);
  });
}
