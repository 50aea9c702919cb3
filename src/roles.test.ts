import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childSpecs } from './fleet.ts';
import { parseConfig } from './platform/config.ts';
import { ALL_ROLES, helpText, parseArguments, parseRoles } from './roles.ts';
import { SETTINGS, SETTINGS_PREFIX } from './settings.ts';

test('no argument means every role', () => {
  assert.deepEqual(parseArguments([]), { kind: 'supervisor', roles: new Set(ALL_ROLES) });
});

test('unknown roles and options are refused with what there is', () => {
  assert.throws(() => parseRoles('edge,nonsense'), /no such role: nonsense.*encoder/);
  assert.throws(() => parseArguments(['--rolls=edge']), { code: 'invalid_config' });
});

test('each choice of roles becomes its processes', () => {
  const settings = parseConfig(
    SETTINGS,
    { MATINEE_ENCODERS: '3', MATINEE_EDGE_PORTS: '1,2' },
    SETTINGS_PREFIX,
  );
  const names = (roles: string) => childSpecs(parseRoles(roles), settings).map(({ name }) => name);
  assert.deepEqual(names('all'), [
    'control',
    'edge-1',
    'edge-2',
    'encoder-1',
    'encoder-2',
    'encoder-3',
    'encoder-urgent',
  ]);
  assert.deepEqual(names('edge'), ['edge-1', 'edge-2']);
  assert.deepEqual(names('studio,web'), ['control']);
});

test('the help names every role', () => {
  for (const role of ALL_ROLES) assert.ok(helpText().includes(`  ${role}`), role);
});
