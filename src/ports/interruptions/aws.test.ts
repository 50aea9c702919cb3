/**
 * Against a fake of the metadata service on loopback, made after its documentation: tokens by PUT that run out, 401
 * without one, 404 while there is no notice. The emulator of the other adapters does not have this service.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createSpotInterruptions } from './aws.ts';
import { interruptionsContract } from './interruptions.contract.ts';

async function openMetadata() {
  let action: string | undefined;
  let tokens = 0;
  let broken = false;
  const server = createServer((request, response) => {
    const end = (status: number, text = '') => response.writeHead(status).end(text);
    if (broken) return void end(500);
    if (request.url === '/latest/api/token') {
      if (request.method !== 'PUT' || !request.headers['x-aws-ec2-metadata-token-ttl-seconds'])
        return void end(400);
      tokens += 1;
      return void end(200, `token-${tokens}`);
    }
    if (request.headers['x-aws-ec2-metadata-token'] !== `token-${tokens}`) return void end(401);
    if (request.url !== '/latest/meta-data/spot/instance-action' || action === undefined)
      return void end(404);
    end(200, action);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    port: createSpotInterruptions({ fetch, baseUrl }),
    give: async (atMs: number) => {
      action = JSON.stringify({ action: 'terminate', time: new Date(atMs).toISOString() });
    },
    takeBack: async () => {
      action = undefined;
    },
    breakIt: async () => {
      broken = true;
    },
    /** Makes the token that is out invalid. */
    expire: () => {
      tokens += 1;
    },
    tokens: () => tokens,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interruptionsContract('EC2 metadata', openMetadata);

test('one token serves many questions, and a new one is fetched when it has run out', async () => {
  await using metadata = await openMetadata();
  const { signal } = new AbortController();
  await metadata.port.look(signal);
  await metadata.port.look(signal);
  assert.equal(metadata.tokens(), 1);
  metadata.expire();
  assert.equal(await metadata.port.look(signal), undefined);
  assert.equal(metadata.tokens(), 3);
});
