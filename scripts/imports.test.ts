import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cycles, fault, importsOf } from './imports.ts';

const faultOf = (from: string, to: string) => fault({ from, to, typeOnly: false });

test('imports are read in every form that names a file', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { B } from '../b.ts';",
    'import {\n  c,\n  d,\n} from "x";',
    "import {\n  e,\n} from './e.ts';",
    "export { f } from './f.ts';",
    "import './g.css';",
    "const h = await import('./h.ts');",
    "import pg from 'pg';",
  ].join('\n');
  assert.deepEqual(importsOf('src/services/x/y.ts', text), [
    { from: 'src/services/x/y.ts', to: 'src/services/x/a.ts', typeOnly: false },
    { from: 'src/services/x/y.ts', to: 'src/services/b.ts', typeOnly: true },
    { from: 'src/services/x/y.ts', to: 'src/services/x/e.ts', typeOnly: false },
    { from: 'src/services/x/y.ts', to: 'src/services/x/f.ts', typeOnly: false },
    { from: 'src/services/x/y.ts', to: 'src/services/x/g.css', typeOnly: false },
    { from: 'src/services/x/y.ts', to: 'src/services/x/h.ts', typeOnly: false },
  ]);
});

test('imports that point the right way are fine', () => {
  for (const [from, to] of [
    ['src/platform/a.ts', 'src/platform/b.ts'],
    ['src/contracts/a.ts', 'src/platform/b.ts'],
    ['src/ports/queue/embedded.ts', 'src/ports/records/records.ts'],
    ['src/clients/a.ts', 'src/contracts/b.ts'],
    ['src/services/studio/a.ts', 'src/ports/queue/queue.ts'],
    ['src/services/studio/a.ts', 'src/clients/catalog.ts'],
    ['src/services/studio/a.slow.test.ts', 'src/ports/records/embedded.ts'],
    ['src/compose-stores.ts', 'src/ports/records/embedded.ts'],
    ['src/web/viewer/a.tsx', 'src/contracts/titles.ts'],
    ['test/api.ts', 'src/contracts/titles.ts'],
  ] as const)
    assert.equal(faultOf(from, to), undefined, `${from} -> ${to}`);
});

test('imports that point the wrong way are faults', () => {
  for (const [from, to] of [
    ['src/platform/a.ts', 'src/contracts/b.ts'],
    ['src/contracts/a.ts', 'src/ports/queue/queue.ts'],
    ['src/ports/queue/embedded.ts', 'src/ports/records/embedded.ts'],
    ['src/clients/a.ts', 'src/services/studio/a.ts'],
    ['src/services/studio/a.ts', 'src/services/catalog/a.ts'],
    ['src/services/studio/a.ts', 'src/ports/records/embedded.ts'],
    ['src/services/studio/a.ts', 'src/services/studio/b.testing.ts'],
    ['src/main.ts', 'src/ports/records/embedded.ts'],
    ['src/web/viewer/a.tsx', 'src/platform/http.ts'],
    ['test/api.ts', 'src/services/studio/a.ts'],
  ] as const)
    assert.notEqual(faultOf(from, to), undefined, `${from} -> ${to}`);
});

test('a circle of run-time imports is found, one of types is none', () => {
  const circle = [
    { from: 'a', to: 'b', typeOnly: false },
    { from: 'b', to: 'a', typeOnly: false },
  ];
  assert.deepEqual(cycles(circle), [['a', 'b', 'a']]);
  assert.deepEqual(cycles([circle[0] as (typeof circle)[0], { from: 'b', to: 'a', typeOnly: true }]), []);
});
