/** Checks the code without running it: types, lint and format, directions of imports. `npm run check`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cycles, fault, readImports } from './imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const checks: ReadonlyArray<readonly [string, () => Promise<boolean> | boolean]> = [
  ['types of the server', () => tool('typescript/bin/tsc', '-p', 'tsconfig.json')],
  ['types of the pages', () => tool('typescript/bin/tsc', '-p', 'src/web/tsconfig.json')],
  [
    'lint and format',
    () => tool('@biomejs/biome/bin/biome', 'ci', '--reporter=summary', '--colors=off', '.'),
  ],
  ['directions of imports', importsPointOneWay],
];

const failed: string[] = [];
for (const [name, check] of checks) {
  const ok = await check();
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (!ok) failed.push(name);
}
process.exit(failed.length === 0 ? 0 : 1);

function tool(path: string, ...args: string[]): boolean {
  const done = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return done.status === 0;
}

async function importsPointOneWay(): Promise<boolean> {
  const imports = await readImports(root, ['src', 'test', 'scripts', 'bench']);
  const faults = imports.flatMap((entry) => {
    const text = fault(entry);
    return text === undefined ? [] : [`${entry.from} -> ${entry.to}: ${text}`];
  });
  const circles = cycles(imports).map((files) => `run-time cycle: ${files.join(' -> ')}`);
  for (const line of [...faults, ...circles]) console.error(line);
  return faults.length + circles.length === 0;
}
