import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigRows, configTable, parseConfig } from './config.ts';
import { isMatineeError } from './errors.ts';

const rows = {
  T_NAME: { kind: 'text', default: 'a', meaning: 'A name.' },
  T_COUNT: { kind: 'integer', default: 3, min: 1, max: 9, meaning: 'A count.' },
  T_ON: { kind: 'boolean', default: false, meaning: 'A switch.' },
  T_KIND: { kind: 'choice', default: 'x', choices: ['x', 'y'], meaning: 'A choice.' },
  T_PORTS: { kind: 'ports', default: [1, 2], meaning: 'Ports.' },
  T_PEERS: { kind: 'map', default: {}, meaning: 'Peers.' },
} as const satisfies ConfigRows;

test('absent and empty settings take their defaults', () => {
  const values = parseConfig(rows, { T_COUNT: '', OTHER: 'ignored' }, 'T_');
  assert.equal(values.T_COUNT, 3);
  assert.deepEqual(values.T_PORTS, [1, 2]);
});

test('each kind reads its text form', () => {
  const values = parseConfig(
    rows,
    { T_NAME: 'b', T_COUNT: '9', T_ON: 'yes', T_KIND: 'y', T_PORTS: '80, 0', T_PEERS: 'a=http://h:1,b=c=d' },
    'T_',
  );
  assert.deepEqual(values, {
    T_NAME: 'b',
    T_COUNT: 9,
    T_ON: true,
    T_KIND: 'y',
    T_PORTS: [80, 0],
    T_PEERS: { a: 'http://h:1', b: 'c=d' },
  });
});

test('all faults are reported together, unknown names among them', () => {
  assert.throws(
    () =>
      parseConfig(rows, { T_COUNT: '10', T_ON: 'maybe', T_KIND: 'z', T_PORTS: '99999', T_TYPO: '1' }, 'T_'),
    (error) => {
      assert.ok(isMatineeError(error, 'invalid_config'));
      for (const name of ['T_COUNT', 'T_ON', 'T_KIND', 'T_PORTS', 'T_TYPO'])
        assert.ok(error.message.includes(name));
      return true;
    },
  );
});

test('the table of settings names every row', () => {
  const table = configTable(rows);
  for (const name of Object.keys(rows)) assert.ok(table.includes(`\`${name}\``));
});
