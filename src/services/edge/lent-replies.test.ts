/** Prepared replies are renewed in place only where nobody may still be sending them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, openTestEdge, PREFIX, rawClient, until } from './edge.testing.ts';
import { LentReplies } from './lent-replies.ts';
import { ReplyWriter } from './reply.ts';

test('a head of the same length is written over the old one, another length gets a new buffer', () => {
  const writer = ReplyWriter.forMedia('e');
  const body = bytesOf(1000);
  const first = writer.joined(200, 'age: 5\r\n', '', 1_700_000_000_000, body);
  const second = writer.joined(200, 'age: 6\r\n', '', 1_700_000_001_000, body, first);
  assert.equal(second, first);
  assert.match(second.toString('latin1'), /age: 6\r\n/);
  assert.ok(second.subarray(-1000).equals(body));
  const third = writer.joined(200, 'age: 10\r\n', '', 1_700_000_005_000, body, second);
  assert.notEqual(third, second);
  assert.match(second.toString('latin1'), /age: 6\r\n/);
});

test('a lent reply is never free again', () => {
  const lent = new LentReplies();
  const reply = Buffer.from('reply');
  assert.equal(lent.free(reply), reply);
  lent.lend(reply);
  assert.equal(lent.free(reply), undefined);
  assert.equal(lent.free(undefined), undefined);
});

test('a viewer who reads slowly gets the reply as it was made, whatever comes after it', async () => {
  await using kit = await openTestEdge();
  const body = bytesOf(60_000);
  kit.origin.objects.set(`${PREFIX}a`, { body, headers: { 'cache-control': 'max-age=60' } });
  await (await kit.get('a')).arrayBuffer();
  const request = `GET ${kit.path('a')} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const slow = rawClient(kit.port);
  slow.socket.pause();
  // More than the buffers of the kernel take, so that one reply waits in the edge.
  const count = 400;
  slow.socket.write(request.repeat(count));
  await until(() => kit.edge.counts().requests > 20);
  for (let i = 0; i < 2; i++) {
    await sleep(1000);
    await (await kit.get('a')).arrayBuffer();
  }
  slow.socket.resume();
  await until(() => slow.text().split('HTTP/1.1 200').length === count + 1, 20_000);
  const replies = slow.text().split(/(?=HTTP\/1\.1 200)/);
  for (const reply of replies) {
    const end = reply.indexOf('\r\n\r\n');
    const dates = reply.slice(0, end).match(/^date: /gm);
    assert.equal(dates?.length, 1);
    assert.ok(Buffer.from(reply.slice(end + 4), 'latin1').equals(body));
  }
  slow.socket.destroy();
});
