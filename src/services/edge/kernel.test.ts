/** What the edge asks of the kernel, over a real socket and real files. */
import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesOf } from './edge.testing.ts';
import { openKernel } from './kernel.ts';

const kernel = openKernel();
const skip = kernel ? false : 'only on Linux, with its library';

function fdOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}

test('bytes of a file reach the other side of a socket behind a head', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kernel-'));
  const file = await open(join(folder, 'f'), 'w+');
  const body = bytesOf(300_000);
  await file.writeFile(body);
  const server = createServer((socket) => {
    const fd = fdOf(socket);
    assert.equal(kernel?.sendMore(fd, Buffer.from('head ')), 5);
    let at = 1000;
    const more = () => {
      const sent = kernel?.sendFile(fd, file.fd, at, body.length - at) ?? -1;
      assert.ok(sent >= 0);
      at += sent;
      if (at < body.length) setTimeout(more, 1);
      else socket.end();
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reply = await fetchRaw((server.address() as { port: number }).port);
  assert.equal(reply.toString('latin1', 0, 5), 'head ');
  assert.equal(Buffer.compare(reply.subarray(5), body.subarray(1000)), 0);
  server.close();
  await file.close();
  await rm(folder, { recursive: true });
});

test('a broken socket is told from a full one, and a file in memory from none', { skip }, async () => {
  assert.equal(kernel?.sendFile(1_000_000, 1_000_001, 0, 10), -1);
  const folder = await mkdtemp(join(tmpdir(), 'kernel-'));
  const file = await open(join(folder, 'f'), 'w+');
  await file.writeFile(bytesOf(500_000));
  assert.equal(kernel?.isResident(file.fd, 0, 500_000), true);
  assert.equal(kernel?.isResident(file.fd, 400_000, 200_000), false);
  await file.close();
  await rm(folder, { recursive: true });
});

async function fetchRaw(port: number): Promise<Buffer> {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}
