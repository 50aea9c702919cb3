/**
 * Holds the code to the directions in which imports may point, and finds run-time cycles. The rules are the
 * table of ARCHITECTURE.md; a rule that only a reader knows is soon broken.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

export type Import = { from: string; to: string; typeOnly: boolean };

/** Import statements, exports from elsewhere and dynamic imports with a fixed name. */
const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'(\.[^']+)'|^\s*import\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/gm;
/** Files of a port that only the composition roots and tests may load. */
const ADAPTER = /^src\/ports\/[^/]+\/(embedded|aws|server|memory|faulty)\.ts$/;
/** Tests and their support may use the adapters of ports as any composition root does. */
const TEST = /\.(test|testing|contract)\.tsx?$|\/contract\/|\/(fake-|test-)[^/]+$/;

/** Reads the imports of every source file below some folders of the project. */
export async function readImports(root: string, folders: readonly string[]): Promise<Import[]> {
  const found: Import[] = [];
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      const file = join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, '');
      found.push(...importsOf(file, await readFile(join(root, file), 'utf8')));
    }
  }
  return found;
}

export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, typeOnly, named, bare, dynamic]) => ({
    from: file,
    to: normalize(join(dirname(file), (named ?? bare ?? dynamic) as string)),
    typeOnly: typeOnly !== undefined,
  }));
}

/** Says what is wrong with an import, or nothing. */
export function fault({ from, to }: Import): string | undefined {
  const test = TEST.test(from);
  const room = roomOf(from);
  const other = roomOf(to);
  if (TEST.test(to) && !test && room !== 'bench') return 'only tests and benchmarks import test support';
  if (room === 'root' || room === 'scripts' || room === 'bench') {
    if (ADAPTER.test(to) && !/^src\/compose[^/]*\.ts$/.test(from) && room === 'root')
      return 'only the composition roots load adapters';
    return undefined;
  }
  if (room === 'test')
    return other === 'test' || other === 'contracts' || other === 'scripts' || to === 'src/programs.ts'
      ? undefined
      : 'outside tests know addresses and wire types alone';
  if (test && /^(ports|clients|platform|contracts)/.test(other)) return undefined;
  if (ADAPTER.test(to) && portOf(to) !== portOf(from)) return 'only the composition roots load adapters';
  return mayImport(room, other, from, to) ? undefined : `${room} must not import ${other}`;
}

function mayImport(room: string, other: string, from: string, to: string): boolean {
  if (room === other) return true;
  if (room === 'web') return other === 'contracts' || to === 'src/platform/errors.ts';
  if (other === 'platform') return true;
  if (room === 'platform') return false;
  if (other === 'contracts') return true;
  if (room === 'contracts') return false;
  // A port may stand on the interface of another one, as the queue does on the database.
  if (room.startsWith('ports/')) return to === `src/ports/${portOf(to)}/${portOf(to)}.ts`;
  if (room === 'clients') return false;
  return other === 'clients' || (other.startsWith('ports/') && from.startsWith('src/services/'));
}

/** The room of a file: what the rules are about. */
function roomOf(file: string): string {
  const [top, second, third] = file.split('/');
  if (top !== 'src') return top ?? '';
  if (third === undefined) return 'root';
  if (second === 'ports' || second === 'services') return `${second}/${third}`;
  return second ?? '';
}

function portOf(file: string): string | undefined {
  return /^src\/ports\/([^/]+)\//.exec(file)?.[1];
}

/** Circles of files that need each other at run time, each as the list of its files. */
export function cycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) return void found.push([...path.slice(at), file]);
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}
