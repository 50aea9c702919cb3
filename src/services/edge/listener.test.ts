/** The listener in both of its ways to read: over a shared buffer, and over ordinary stream buffers. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { rawClient } from './edge.testing.ts';
import { type Guest, openListener } from './listener.ts';

const limits = { host: '127.0.0.1', port: 0, connectionsMax: 10, sweepMs: 20, drainMs: 100 };

/** Sends back what comes in, three bytes at most before it wants a pause. */
function echo(socket: Socket): Guest {
  let ends = false;
  return {
    deadlineMs: Number.POSITIVE_INFINITY,
    read: (bytes, length) => {
      socket.write(Buffer.from(bytes.subarray(0, length)));
      setTimeout(() => (ends ? undefined : socket.resume()), 1);
      return false;
    },
    ended: () => socket.end(),
    closed: () => {
      ends = true;
    },
    drain: () => socket.end('bye'),
  };
}

for (const sharedReads of [true, false]) {
  test(`bytes of many connections stay apart, shared buffer: ${sharedReads}`, async () => {
    const listener = await openListener(systemClock, { nowMs: 0 }, { ...limits, sharedReads }, echo);
    const clients = Array.from({ length: 8 }, () => rawClient(listener.port));
    clients.forEach(({ socket }, i) => {
      for (let round = 0; round < 20; round++) socket.write(`${i}`.repeat(5000));
      socket.end();
    });
    const texts = await Promise.all(clients.map(({ ended }) => ended));
    texts.forEach((text, i) => {
      assert.ok(text === `${i}`.repeat(100_000));
    });
    const guest = rawClient(listener.port);
    guest.socket.write('hello');
    while (guest.text() !== 'hello') await new Promise(setImmediate);
    await listener.close();
    assert.equal(await guest.ended, 'hellobye');
  });
}

test('a port that is taken is told with its address', async () => {
  const first = await openListener(systemClock, { nowMs: 0 }, limits, echo);
  const again = { ...limits, port: first.port };
  await assert.rejects(openListener(systemClock, { nowMs: 0 }, again, echo), { code: 'unavailable' });
  await first.close();
});
