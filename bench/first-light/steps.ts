/** Where the time went, from what the program logs of a title. */
import { median } from '../rows.ts';

/** Seconds since the upload's end at which each step was done. */
export type Steps = Record<(typeof NAMES)[number], number>;
const NAMES = ['arrival', 'glance', 'opening', 'publication', 'first frame'] as const;

type Line = { time?: string; message?: string; title?: string; task?: string };

export function stepsOf(output: string, title: string, fromMs: number, seenMs: number): Steps {
  const lines = output.split('\n').flatMap((line): Line[] => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as Line] : [];
    } catch {
      // A line that was cut off where the output kept begins.
      return [];
    }
  });
  const at = (holds: (line: Line) => boolean) => {
    const found = lines.find(holds);
    return found?.time === undefined ? Number.NaN : (Date.parse(found.time) - fromMs) / 1000;
  };
  const done = (line: Line, name: string) =>
    line.message === 'task done' &&
    (line.task?.includes(title) ?? false) &&
    (line.task?.endsWith(name) ?? false);
  return {
    arrival: at(({ message, title: of }) => message === 'a master arrived' && of === title),
    glance: at((line) => done(line, '-glance')),
    opening: at((line) => done(line, '-light-00001')),
    publication: at(({ message, title: of }) => message === 'first light' && of === title),
    'first frame': (seenMs - fromMs) / 1000,
  };
}

export function stepsText(steps: readonly Steps[]): string {
  return NAMES.map((name) => `${name} ${median(steps.map((one) => one[name])).toFixed(2)} s`).join(', ');
}
