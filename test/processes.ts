/** Finds one process of an installation, so that a test can kill just that one. Linux only, as `/proc` is. */
import { readdir, readFile } from 'node:fs/promises';

/** The child of one of `parents` that was started with `argument`. */
export async function findUnit(parents: readonly number[], argument: string): Promise<number> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [command, stat] = await Promise.all(
      ['cmdline', 'stat'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    );
    if (!command?.split('\0').includes(argument)) continue;
    // The fields after the last parenthesis are: state, parent…
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parents.includes(parent)) return Number(name);
  }
  throw new Error(`no process of this installation was started with ${argument}`);
}
