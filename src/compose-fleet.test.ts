/** What settings say of the logs and metrics of each edge, and of the bounds of encoders. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeTelemetry, encoderBounds } from './compose-fleet.ts';
import { parseConfig } from './platform/config.ts';
import { SETTINGS, SETTINGS_PREFIX } from './settings.ts';

const settings = (env: Record<string, string>) => parseConfig(SETTINGS, env, SETTINGS_PREFIX);

test('edges log nothing and show nothing unless they are told to', () => {
  assert.deepEqual(edgeTelemetry(settings({}), '/data', 8101), { log: undefined, metricsPort: undefined });
});

test('each edge has a folder and a port of its own', () => {
  const told = settings({
    MATINEE_EDGE_PORTS: '8101,8102,8103',
    MATINEE_EDGE_LOG: 'cloudfront',
    MATINEE_EDGE_LOG_FILE_MB: '2',
    MATINEE_EDGE_LOG_FILES: '3',
    MATINEE_EDGE_METRICS_PORTS: '9101,9102',
  });
  assert.deepEqual(edgeTelemetry(told, '/data', 8102), {
    log: { format: 'cloudfront', folder: '/data/logs/edge-8102', fileBytesMax: 2 * 1024 * 1024, filesMax: 3 },
    metricsPort: 9102,
  });
  assert.equal(edgeTelemetry(told, '/data', 8103).metricsPort, undefined);
  const elsewhere = settings({ MATINEE_EDGE_LOG: 'json', MATINEE_EDGE_LOG_FOLDER: '/var/log/matinee' });
  assert.equal(edgeTelemetry(elsewhere, '/data', 8101).log?.folder, '/var/log/matinee/edge-8101');
});

test('the memory of a machine is divided among its workers, and an operator may say otherwise', () => {
  const gibibyte = 1024 ** 3;
  const three = encoderBounds(settings({ MATINEE_ENCODERS: '3' }), 16 * gibibyte);
  assert.deepEqual(three, { memoryBytesMax: 3 * gibibyte, diskBytesMax: undefined });
  const small = encoderBounds(settings({ MATINEE_ENCODERS: '3' }), gibibyte);
  assert.equal(small.memoryBytesMax, gibibyte / 2);
  const told = settings({ MATINEE_ENCODER_MEMORY_MB: '700', MATINEE_ENCODER_DISK_MB: '2000' });
  assert.deepEqual(encoderBounds(told, gibibyte), {
    memoryBytesMax: 700 * 1024 * 1024,
    diskBytesMax: 2000 * 1024 * 1024,
  });
});
