/** Whose address a request comes from, and that nobody can claim another one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatineeError } from '../../../platform/errors.ts';
import { ClientAddresses } from './client-address.ts';

const trustedProxies = ['10.0.0.0/8', '2001:db8:f::/48', '192.0.2.5'];
const xff = new ClientAddresses({ trustedProxies, field: 'x-forwarded-for' });
const forwarded = new ClientAddresses({ trustedProxies, field: 'forwarded' });

test('the field of a peer that is no trusted proxy is not believed', () => {
  assert.equal(xff.clientOf('203.0.113.9', '1.1.1.1'), '203.0.113.9');
  assert.equal(xff.clientOf('::ffff:203.0.113.9', '1.1.1.1'), '203.0.113.9');
  const alone = new ClientAddresses({ trustedProxies: [], field: 'x-forwarded-for' });
  assert.equal(alone.clientOf('10.0.0.1', '1.1.1.1'), '10.0.0.1');
});

test('the right-most address that is not a trusted proxy is the client', () => {
  const cases: Array<[string, string]> = [
    ['', '10.0.0.1'],
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9, 10.9.9.9,192.0.2.5', '203.0.113.9'],
    ['6.6.6.6, 10.2.2.2, 203.0.113.9 , 10.9.9.9', '203.0.113.9'],
    ['10.2.2.2, 10.3.3.3', '10.2.2.2'],
    ['203.0.113.9:4711, 10.3.3.3', '203.0.113.9'],
    ['[2001:db8::9]:4711, 2001:db8:f::1', '2001:db8::9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, unknown, 10.3.3.3', '10.3.3.3'],
    ['6.6.6.6, , 10.3.3.3', '10.3.3.3'],
    ['6.6.6.6, 999.1.1.1', '10.0.0.1'],
    [`6.6.6.6${', 10.1.1.1'.repeat(2000)}`, '10.0.0.1'],
    [`6.6.6.6${', 10.1.1.1'.repeat(40)}`, '10.1.1.1'],
  ];
  for (const [value, client] of cases)
    assert.equal(xff.clientOf('10.0.0.1', value), client, value.slice(0, 80));
});

test('Forwarded is read with its quotes and parameters; a malformed one is not believed at all', () => {
  const cases: Array<[string, string]> = [
    ['for=203.0.113.9', '203.0.113.9'],
    ['for=6.6.6.6, For="203.0.113.9:80";proto=https;by=10.0.0.1, for=10.9.9.9', '203.0.113.9'],
    ['for="[2001:db8::9]:4711"', '2001:db8::9'],
    ['host="a,for=6.6.6.6";for=203.0.113.9', '203.0.113.9'],
    ['for=6.6.6.6, for=_hidden, for=10.3.3.3', '10.3.3.3'],
    ['for=6.6.6.6, proto=https', '10.0.0.1'],
    ['for=6.6.6.6;for=7.7.7.7', '10.0.0.1'],
    ['for="6.6.6.6', '10.0.0.1'],
    ['for=6.6.6.6,', '10.0.0.1'],
    ['6.6.6.6', '10.0.0.1'],
  ];
  for (const [value, client] of cases) assert.equal(forwarded.clientOf('10.0.0.1', value), client, value);
});

test('proxies that cannot be read are a fault of the configuration', () => {
  for (const block of ['', '10.0.0.0/33', '10.0.0/8', '::/129', 'proxy', '10.0.0.0/08', 'fe80::1%eth0']) {
    assert.throws(
      () => new ClientAddresses({ trustedProxies: [block], field: 'forwarded' }),
      (error) => isMatineeError(error, 'invalid_config'),
      block,
    );
  }
});
