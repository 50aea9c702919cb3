/**
 * The ladder: which renditions a film gets. A fixed list of boxes from 240p to 1080p; a picture is fitted into each
 * box as it lies, upright or wide, and never made larger than the master. Pure arithmetic.
 */
import type { Inspection, Rung } from '../../contracts/tasks.ts';

type Step = Pick<Rung, 'crf' | 'bitsPerSMax' | 'preset'> & { lines: number };

/**
 * Low rungs have more pixels and a higher CRF than an older ladder would give them, which is what convex hulls of
 * real films ask for; the caps hold the peaks down. The lowest rung is the first light, hence the faster preset.
 */
export const STEPS: readonly Step[] = [
  { lines: 240, crf: 28, bitsPerSMax: 400_000, preset: 'superfast' },
  { lines: 360, crf: 27, bitsPerSMax: 800_000, preset: 'veryfast' },
  { lines: 480, crf: 26, bitsPerSMax: 1_400_000, preset: 'veryfast' },
  { lines: 720, crf: 24, bitsPerSMax: 3_000_000, preset: 'veryfast' },
  { lines: 1080, crf: 22, bitsPerSMax: 6_000_000, preset: 'veryfast' },
];
/** Heights that people know, which a picture next to one is called by. */
const NAMED_LINES = [144, 234, 240, 270, 288, 360, 432, 480, 540, 576, 720, 1080, 1440, 2160, 4320];
/** Sides of a box: 16:9 on its long side. */
const BOX_ASPECT = 16 / 9;
/** A rung closer than this to the master's own size is left out in favour of the latter. */
const APART_MIN = 1.2;
/** A picture this much larger than a box still counts as filling it: 1280x544 or 854x480. */
const TOUCH = 0.01;
/** No rung has a side below this, unless the master itself has. */
const SIDE_MIN = 32;
/** Above this many frames a second the caps are raised, as twice the pictures take about half as much more. */
const FAST_FPS = 32;
const FAST_FACTOR = 1.5;

export type MasterPicture = Pick<Inspection['video'], 'width' | 'height' | 'frameRate'>;

/** From low to high, at least one: the ladder of films that none is chosen for. */
export function planLadder(master: MasterPicture): Rung[] {
  return withFirstLight(fixedLadder(STEPS, master));
}

/** The picture fitted into each step's box, as far as the master reaches. From low to high, at least one. */
export function fixedLadder(steps: readonly Step[], master: MasterPicture): Rung[] {
  const rungs: Rung[] = [];
  const ordered = steps.toSorted((a, b) => a.lines - b.lines || a.bitsPerSMax - b.bitsPerSMax);
  for (const [at, step] of ordered.entries()) {
    const scale = scaleInto(step.lines, master);
    if (scale >= 1 - TOUCH) {
      const isRepeated = ordered[at + 1]?.lines === step.lines;
      addNative(rungs, step, master);
      if (isRepeated) continue;
      return named(rungs);
    }
    const rung = rungOf(step, master, scale);
    if (Math.min(rung.width, rung.height) >= SIDE_MIN) rungs.push(rung);
  }
  const top = ordered.at(-1) as Step;
  if (rungs.length === 0) rungs.push(rungOf(top, master, scaleInto(top.lines, master)));
  return named(rungs);
}

/** The size of a picture in the box of so many lines; that of the master where the box is larger. */
export function boxedShape(lines: number, master: Pick<MasterPicture, 'width' | 'height'>) {
  const scale = Math.min(1, scaleInto(lines, master));
  return { width: even(master.width * scale), height: even(master.height * scale) };
}

/** The box that a picture fills, in lines. */
export function boxLines({ width, height }: Pick<MasterPicture, 'width' | 'height'>): number {
  const lines = Math.max(Math.min(width, height), Math.max(width, height) / BOX_ASPECT);
  const known = NAMED_LINES.find((one) => Math.abs(lines / one - 1) <= TOUCH);
  return known ?? Math.round(lines);
}

/** Names are unique within a film: of rungs of one size, the lower are numbered. `taken` are those of others. */
export function named(rungs: readonly Rung[], taken: readonly string[] = []): Rung[] {
  const used = new Set(taken);
  const fromAbove = rungs.toReversed().map((rung) => {
    const base = `${boxLines(rung)}p`;
    let name = base;
    for (let n = 2; used.has(name); n++) name = `${base}-${n}`;
    used.add(name);
    return { ...rung, name };
  });
  return fromAbove.reverse();
}

/** The factor that makes a picture just fit into the box of so many lines, turned as the picture lies. */
function scaleInto(lines: number, { width, height }: Pick<MasterPicture, 'width' | 'height'>): number {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  return Math.min(lines / short, (lines * BOX_ASPECT) / long);
}

function addNative(rungs: Rung[], step: Step, master: MasterPicture): void {
  const native = rungOf(step, master, 1);
  const below = rungs.at(-1);
  const isSmaller = below !== undefined && below.width < native.width;
  if (isSmaller && native.width / below.width < APART_MIN) rungs.pop();
  rungs.push(native);
}

/** Its name follows from the others beside it. */
function rungOf(step: Step, master: MasterPicture, scale: number): Rung {
  const { num, den } = master.frameRate;
  const fast = num / den > FAST_FPS;
  return {
    name: '',
    width: even(master.width * scale),
    height: even(master.height * scale),
    crf: step.crf,
    bitsPerSMax: Math.round(step.bitsPerSMax * (fast ? FAST_FACTOR : 1)),
    preset: step.preset,
  };
}

/** Bits per second that a rung of this size may peak at: the cap of the smallest box that holds it. */
export function deviceCap(
  { width, height }: Pick<MasterPicture, 'width' | 'height'>,
  { num, den }: MasterPicture['frameRate'],
): number {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const box = STEPS.find(
    ({ lines }) => short <= lines * (1 + TOUCH) && long <= lines * BOX_ASPECT * (1 + TOUCH),
  );
  const { bitsPerSMax } = box ?? (STEPS.at(-1) as Step);
  return Math.round(bitsPerSMax * (num / den > FAST_FPS ? FAST_FACTOR : 1));
}

/** Whichever rung is the lowest is the one that a title waits for. */
function withFirstLight(rungs: readonly Rung[]): Rung[] {
  return rungs.map((rung, index) => (index === 0 ? { ...rung, preset: 'superfast' } : rung));
}

function even(side: number): number {
  return Math.max(2, 2 * Math.round(side / 2));
}
