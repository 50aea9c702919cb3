/**
 * The order of work: what a viewer waits for comes first. Higher numbers are leased first; equal ones go by age, so
 * that titles take turns by the time at which they came. Pure.
 */

/** Inspection tells an uploader whether the file is good, and takes a moment. */
export const INSPECT = 1000;
/** The lowest rung, sound and text: with them a title can be played. */
const FIRST_LIGHT = 900;
const IMAGES = 700;
const HIGHER_RUNGS = 600;
/** Packaging takes a moment and ends a track, so it goes before the encodes of its class. */
const PACKAGE_BONUS = 5;
const RUNG_STEP = 10;

export type Part = { part: 'first-light' } | { part: 'images' } | { part: 'rung'; index: number };

export function urgency(of: Part, packages = false): number {
  return classOf(of) + (packages ? PACKAGE_BONUS : 0);
}

function classOf(of: Part): number {
  if (of.part === 'first-light') return FIRST_LIGHT;
  if (of.part === 'images') return IMAGES;
  return HIGHER_RUNGS - RUNG_STEP * of.index;
}
