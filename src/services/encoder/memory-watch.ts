/**
 * Ends a program that holds more memory than it may, before the machine has none left for anybody, and has the kernel
 * take such a program first where it comes to that. Reads `/proc`; elsewhere than on Linux nothing is watched.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { systemCode } from '../../platform/errors.ts';

export type MemoryWatch = {
  /** The sentence that says so, once it has. */
  readonly exceeded: string | undefined;
  stop(): void;
};

const EVERY_MS = 500;
/** Of -1000 to 1000: above services and databases. */
const KILLED_BEFORE_OTHERS = '500';
const MEBIBYTE = 1024 * 1024;

export function startMemoryWatch(
  pid: number | undefined,
  bytesMax: number | undefined,
  onExceeded: () => void,
): MemoryWatch {
  let exceeded: string | undefined;
  if (pid === undefined || bytesMax === undefined) return { exceeded, stop: () => {} };
  void writeFile(`/proc/${pid}/oom_score_adj`, KILLED_BEFORE_OTHERS).catch(ignoreGone);
  const look = async () => {
    const bytes = heldBytes(await readFile(`/proc/${pid}/status`, 'utf8').catch(ignoreGone));
    if (bytes <= bytesMax || exceeded !== undefined) return;
    const [held, most] = [bytes, bytesMax].map((value) => Math.round(value / MEBIBYTE));
    exceeded = `the program held ${held} MiB of memory; it may hold ${most} MiB (MATINEE_ENCODER_MEMORY_MB)`;
    onExceeded();
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  return {
    get exceeded() {
      return exceeded;
    },
    stop: () => clearInterval(timer),
  };
}

export function heldBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** It may have ended already, and other systems have no such file. */
function ignoreGone(error: unknown): string {
  if (['ENOENT', 'ESRCH', 'EACCES'].includes(systemCode(error) ?? '')) return '';
  throw error;
}
