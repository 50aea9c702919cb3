import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeName, publicUrl } from './addresses.ts';
import { registerEdge } from './contracts/edges.ts';
import type { Settings } from './settings.ts';

const at = (host: string, publicHost = '') =>
  ({ MATINEE_HOST: host, MATINEE_PUBLIC_HOST: publicHost }) as Settings;

test('edges of several machines with the same port have names of their own, which steering takes', () => {
  assert.equal(edgeName(at('127.0.0.1'), 8101), 'edge-8101');
  assert.equal(edgeName(at('::1'), 8101), 'edge-8101');
  const names = [
    edgeName(at('0.0.0.0', 'Edge1.example.org'), 8101),
    edgeName(at('10.0.0.7'), 8101),
    edgeName(at('::', '2001:db8::7'), 8101),
    edgeName(at('0.0.0.0', `${'long-'.repeat(30)}name.example.org`), 65535),
  ];
  assert.deepEqual(names.slice(0, 3), ['edge1-example-org-8101', '10-0-0-7-8101', '2001-db8-7-8101']);
  for (const name of names) assert.ok(registerEdge.params?.safeParse({ name }).success, name);
});

test('addresses for viewers take the public host where there is one', () => {
  assert.equal(publicUrl(at('0.0.0.0', 'films.example.org'), 80), 'http://films.example.org:80');
  assert.equal(publicUrl(at('10.0.0.7'), 80), 'http://10.0.0.7:80');
});
