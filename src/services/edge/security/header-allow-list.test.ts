/** Which fields of a viewer reach the origin. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatineeError } from '../../../platform/errors.ts';
import { HeaderAllowList, type HeaderField } from './header-allow-list.ts';

const all = new HeaderAllowList({ others: true, named: [] });
const PEER: HeaderField = ['x-forwarded-for', '192.0.2.1'];

test('all viewer headers go on but those of the hop, those that Connection names, and credentials', () => {
  const fields: HeaderField[] = [
    ['Host', 'edge'],
    ['Accept', '*/*'],
    ['Connection', 'close, X-Hop'],
    ['connection', 'x-other'],
    ['X-Hop', '1'],
    ['X-Other', '1'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authorization', 'Basic x'],
    ['TE', 'trailers'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['Content-Length', '5'],
    ['Range', 'bytes=0-1'],
    ['If-None-Match', '"a"'],
    ['Cookie', 'a=b'],
    ['Authorization', 'Bearer x'],
    ['X-Empty', ''],
    ['X-Split', 'a\r\nX-Evil: 1'],
    ['X Bad', '1'],
    ['Forwarded', 'for=6.6.6.6'],
    ['Accept', 'text/html'],
  ];
  assert.deepEqual(all.forwarded(fields, '192.0.2.1'), [
    ['accept', '*/*'],
    ['x-empty', ''],
    ['accept', 'text/html'],
    PEER,
  ]);
});

test('a list lets through what it names, credentials too, and never the signature of the edge', () => {
  const list = new HeaderAllowList({ others: false, named: ['Cookie', 'authorization', 'X-Title'] });
  const fields: HeaderField[] = [
    ['cookie', 'CloudFront-Policy=a; theme=dark; CloudFront-Signature=b;lang=en'],
    ['Authorization', 'Bearer x'],
    ['x-title', '1'],
    ['accept', '*/*'],
  ];
  assert.deepEqual(list.forwarded(fields, '192.0.2.1'), [
    ['cookie', 'theme=dark; lang=en'],
    ['authorization', 'Bearer x'],
    ['x-title', '1'],
    PEER,
  ]);
  assert.deepEqual(list.forwarded([['cookie', 'CloudFront-Policy=a']], '192.0.2.1'), [PEER]);
});

test('the peer is added to X-Forwarded-For, and no Connection takes it away', () => {
  const fields: HeaderField[] = [
    ['X-Forwarded-For', '6.6.6.6, 7.7.7.7'],
    ['x-forwarded-for', '8.8.8.8'],
    ['Connection', 'x-forwarded-for'],
  ];
  assert.deepEqual(all.forwarded(fields, '192.0.2.1'), [
    ['x-forwarded-for', '6.6.6.6, 7.7.7.7, 8.8.8.8, 192.0.2.1'],
  ]);
  const long = all.forwarded([['x-forwarded-for', '6.6.6.6,'.repeat(5000)]], '192.0.2.1')[0]?.[1] as string;
  assert.ok(long.length <= 1024 && long.endsWith('6.6.6.6, 192.0.2.1'));
});

test('a rule that names what never goes on is a fault of the configuration', () => {
  for (const name of ['Connection', 'host', 'Range', 'a b', '']) {
    assert.throws(
      () => new HeaderAllowList({ others: true, named: [name] }),
      (error) => isMatineeError(error, 'invalid_config'),
      name,
    );
  }
});
