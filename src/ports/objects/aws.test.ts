import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { openAwsObjects } from './aws.ts';
import { awsFault } from './aws-errors.ts';
import { assertCode, pattern, readAll, streamed, text } from './contract/expectations.ts';

/** The S3 adapter against a server that answers as the test says. */
async function against(t: TestContext, answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const store = await openAwsObjects({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'hush' },
    forcePathStyle: true,
    clock: systemClock,
  });
  t.after(async () => {
    await store.close();
    server.closeAllConnections();
    server.close();
  });
  return store;
}

function refusal(status: number, code: string): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  };
}

const REFUSALS = [
  [404, 'NoSuchKey', 'not_found'],
  [404, 'NoSuchBucket', 'bucket_missing'],
  [412, 'PreconditionFailed', 'precondition_failed'],
  [416, 'InvalidRange', 'range_not_satisfiable'],
  [400, 'BadDigest', 'digest_mismatch'],
  [403, 'AccessDenied', 'forbidden'],
  [400, 'SomethingNew', 'invalid_request'],
  [507, 'InsufficientStorage', 'storage_full'],
] as const;

for (const [status, name, code] of REFUSALS) {
  test(`the answer ${status} ${name} is ${code}`, async (t) => {
    const store = await against(t, refusal(status, name));
    await assertCode(store.get('films', 'a'), code);
  });
}

test('a store that cannot be reached is unavailable, and its health says so without the secret', async () => {
  const store = await openAwsObjects({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'hush' },
    forcePathStyle: true,
    clock: systemClock,
  });
  await assertCode(store.get('films', 'a'), 'unavailable');
  const health = await store.health();
  assert.ok(!health.ready && !health.reason.includes('hush'));
  await store.close();
});

test('an error of ours is not translated again', () => {
  const fault = awsFault(Object.assign(new Error('x'), { name: 'NoSuchKey' }));
  assert.equal(awsFault(fault), fault);
});

test('a reply that breaks off is unavailable to its reader, never a short object', async (t) => {
  const store = await against(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100000', etag: '"x"' });
    response.write(pattern(40_000), () => response.destroy());
  });
  await assertCode(readAll(await store.get('films', 'a')), 'unavailable');
});

test('a body that turns out wrong is never sent whole', async (t) => {
  let received = 0;
  let whole = false;
  const store = await against(t, (request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      whole = true;
      response.end();
    });
  });
  const body = pattern(9_000_000);
  const checks = { length: body.length, md5: Buffer.alloc(16).toString('base64') };
  await assertCode(store.put('films', 'a', streamed(body, 100_000), checks), 'digest_mismatch');
  assert.equal(whole, false);
  assert.ok(received < body.length);
});

test('the source of a put that the server refuses early is let go', async (t) => {
  const store = await against(t, refusal(404, 'NoSuchBucket'));
  let released = false;
  async function* body() {
    try {
      for (let i = 0; i < 1000; i++) yield pattern(100_000);
    } finally {
      released = true;
    }
  }
  await assertCode(store.put('films', 'a', body(), { length: 100_000_000 }), 'bucket_missing');
  await systemClock.sleep(10);
  assert.equal(released, true);
});

test('a small put of unknown length is one request with its length', async (t) => {
  const requests: string[] = [];
  const store = await against(t, (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers['content-length']}`);
    request.resume();
    request.on('end', () => response.writeHead(200, { etag: '"x"' }).end());
  });
  await store.put('films', 'a', streamed(text('hello')));
  assert.deepEqual(requests, ['PUT /films/a?x-id=PutObject 5']);
});
