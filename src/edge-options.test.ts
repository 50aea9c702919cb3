/** Settings of edges become what an edge is told, and contradictions are told to the operator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeOptions } from './edge-options.ts';
import { parseConfig } from './platform/config.ts';
import { SETTINGS, SETTINGS_PREFIX } from './settings.ts';

const options = (env: Record<string, string> = {}, port = 8101) =>
  edgeOptions(parseConfig(SETTINGS, env, SETTINGS_PREFIX), port, 'secret');

test('without settings an edge is a possible shield and nothing more', () => {
  assert.deepEqual(options(), { shieldSecret: 'secret' });
});

test('the shield itself asks the origin, the others ask the shield', () => {
  const env = { MATINEE_EDGE_SHIELD: 'http://127.0.0.1:8101/' };
  assert.deepEqual(options(env, 8101), { shieldSecret: 'secret' });
  assert.deepEqual(options(env, 8102), { shieldSecret: 'secret', shieldUrl: 'http://127.0.0.1:8101' });
  for (const wrong of ['8101', 'ftp://x', 'http://x/path']) {
    assert.throws(() => options({ MATINEE_EDGE_SHIELD: wrong }), { code: 'invalid_config' });
  }
});

test('a certificate opens a port of its own, and needs its key', () => {
  const env = { MATINEE_EDGE_TLS_CERT: 'c.pem', MATINEE_EDGE_TLS_KEY: 'k.pem' };
  assert.equal(options(env, 8102).tls?.publicUrl, 'https://127.0.0.1:9102');
  assert.equal(options({ ...env, MATINEE_EDGE_TLS_PORTS: '443,8443' }, 8102).tls?.port, 8443);
  assert.throws(() => options({ MATINEE_EDGE_TLS_CERT: 'c.pem' }), { code: 'invalid_config' });
});

test('rules, limits and proxies are passed on', () => {
  const { countries, rates, trustedProxies, countryFile } = options({
    MATINEE_EDGE_COUNTRY_FILE: 'c.mmdb',
    MATINEE_EDGE_COUNTRIES_DENY: 'JP, FR',
    MATINEE_EDGE_SESSION_RATE: '20',
    MATINEE_EDGE_TRUSTED_PROXIES: '10.0.0.0/8',
  });
  assert.deepEqual(countries, { deny: ['JP', 'FR'], unknown: 'allow' });
  assert.deepEqual(rates, { clientPerS: 0, sessionPerS: 20 });
  assert.deepEqual(trustedProxies?.blocks, ['10.0.0.0/8']);
  assert.equal(countryFile, 'c.mmdb');
});
