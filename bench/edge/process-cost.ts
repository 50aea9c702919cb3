/** Reads from /proc what a process and its children have cost so far: processor time and resident memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** proc(5): `utime` and `stime` count in USER_HZ, which Linux fixes at 100 a second towards programs. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and all below it, in seconds. */
export function cpuSeconds(pid: number): number {
  return tree(pid).reduce((sum, id) => sum + (readStat(id)?.cpuSeconds ?? 0), 0);
}

/** What children of this program that have ended used in all, in seconds. */
export function endedChildrenCpuSeconds(): number {
  return readStat(process.pid)?.endedChildrenCpuSeconds ?? 0;
}

/** Resident memory of a process and all below it, in MB (10^6 bytes). Pages that they share count once. */
export function residentMb(pid: number): number {
  return tree(pid).reduce((sum, id) => sum + proportionalMb(id), 0);
}

function tree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const id = Number(name);
    const stat = Number.isInteger(id) ? readStat(id) : undefined;
    if (stat) parents.set(id, stat.parent);
  }
  const found = [root];
  for (const id of found) for (const [child, parent] of parents) if (parent === id) found.push(child);
  return found;
}

export type Stat = { parent: number; cpuSeconds: number; endedChildrenCpuSeconds: number };

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** The name in the second field may hold spaces and parentheses, so fields count from the last parenthesis. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const seconds = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND;
  return { parent: Number(fields[1]), cpuSeconds: seconds(11), endedChildrenCpuSeconds: seconds(13) };
}

function proportionalMb(pid: number): number {
  const pss = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '');
  const found = pss ?? /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '');
  return (Number(found?.[1] ?? 0) * 1024) / 1e6;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Processes end at any time; one that has gone costs nothing more.
    return undefined;
  }
}
