/**
 * The order of work: what a viewer waits for comes first. Higher numbers are leased first; equal ones go by age, so
 * that titles take turns by the time at which they came. Pure.
 */

/** A look at the head of a master: what the first light waits for. */
export const GLANCE = 1010;
/** Spans of a first light: where a viewer waits, the opening, what follows it, then one after the other. */
export const LIGHT_SPANS = {
  hurried: 1002,
  priorityOf: (at: number) => [980, 970][at] ?? Math.max(LIGHT_MIN, 952 - at),
};
const LIGHT_MIN = 906;
/** What workers of the urgent lane take: short tasks that somebody waits for, and no others. */
export const URGENT_MIN = 970;
/** Inspection tells an uploader whether the file is good. */
export const INSPECT = 960;
/** The lowest rung, sound and text: with them a title can be played. */
const FIRST_LIGHT = 900;
const IMAGES = 700;
/** The higher rungs wait for it. */
const ANALYSIS = 720;
export const HIGHER_RUNGS = 600;
/** Packaging takes a moment and ends a track, so it never waits behind encodes: not even of other titles. */
const PACKAGE = 800;
/** Sound in further codecs comes when there is a picture worth it: after the second of the higher rungs. */
const MORE_SOUND = 575;
const PACKAGE_BONUS = 5;
/** Nobody waits for captions that nobody wrote. */
const SPEECH = 300;
/** What is done for a film as a whole, in a fleet that loses little by it: before the chunks of the lowest rung. */
export const WHOLE_FILM = FIRST_LIGHT + PACKAGE_BONUS;
const RUNG_STEP = 10;

export type Part =
  | { part: 'first-light' }
  | { part: 'images' }
  | { part: 'analysis' }
  | { part: 'more-sound' }
  | { part: 'speech' }
  | { part: 'rung'; index: number };

export function urgency(of: Part, packages = false): number {
  if (of.part === 'first-light') return FIRST_LIGHT + (packages ? PACKAGE_BONUS : 0);
  if (of.part === 'images') return IMAGES;
  if (of.part === 'analysis') return ANALYSIS;
  if (of.part === 'speech') return SPEECH;
  if (of.part === 'more-sound') return packages ? PACKAGE : MORE_SOUND;
  return (packages ? PACKAGE : HIGHER_RUNGS) - RUNG_STEP * of.index;
}
