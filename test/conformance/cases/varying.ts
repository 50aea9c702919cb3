/** Words that the cases about Vary share: some field values, and the step that stores a variant. */
import type { CaseStep, ConformanceCase, FieldLine } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, stores } from './building.ts';

export const RED: FieldLine = ['Colour', 'red'];
export const BLUE: FieldLine = ['Colour', 'blue'];
export const SIZE: FieldLine = ['Size', '12'];
export const FORM: FieldLine = ['Form', 'round'];

export function storesFor(
  request: readonly FieldLine[],
  vary: readonly string[],
  more: Partial<CaseStep> = {},
): CaseStep {
  const lines = vary.map((line): FieldLine => ['Vary', line]);
  const base: FieldLine[] = [
    ['Cache-Control', LONG_LIVED],
    ['Last-Modified', inSeconds(-3000)],
    ['Date', NOW],
  ];
  return stores([...base, ...lines], { request: { headers: request }, ...more });
}

export function selects(
  about: Omit<ConformanceCase, 'steps'>,
  stored: readonly FieldLine[],
  vary: string,
  asked: readonly FieldLine[],
  expect: 'cached' | 'not_cached',
): ConformanceCase {
  return { ...about, steps: [storesFor(stored, [vary]), { request: { headers: asked }, expect }] };
}
