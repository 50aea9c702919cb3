/** The chapters of a film: read once, and where they lie around a place. */
import { chapterFile } from '../../contracts/chapters.ts';

export type Chapter = { startS: number; title: string };

/** Into a chapter so far, "back" means its own beginning. */
const BEGUN_S = 3;

/** Empty for what is no list of chapters. */
export function readChapters(json: unknown): Chapter[] {
  const { data = [] } = chapterFile.safeParse(json);
  return data
    .map((one) => ({ startS: one['start-time'], title: one.titles[0]?.title ?? '' }))
    .toSorted((a, b) => a.startS - b.startS);
}

/** Undefined before the first one. */
export function chapterAt(chapters: readonly Chapter[], positionS: number): Chapter | undefined {
  return chapters.findLast(({ startS }) => startS <= positionS + 0.05);
}

/** The next one, or the one before; the beginning of the present one when it has begun for a while. */
export function chapterBy(
  chapters: readonly Chapter[],
  positionS: number,
  step: 1 | -1,
): Chapter | undefined {
  if (step === 1) return chapters.find(({ startS }) => startS > positionS + 0.05);
  return chapters.findLast(({ startS }) => startS <= positionS - BEGUN_S) ?? chapters[0];
}
