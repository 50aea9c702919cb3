/** The films of the simulation, as an inspection would find them. */
import type { Inspection } from '../../src/contracts/tasks.ts';
import { analysisOf } from '../../src/services/studio/per-title.testing.ts';
import { someAudio, someInspection, someText } from '../../src/services/studio/studio.testing.ts';
import type { Film } from './simulate.ts';

/** 1080 lines at 24 frames a second, two languages, one with captions. */
export function filmOf(durationS: number): Film {
  const found: Inspection = someInspection({
    ...{ durationS, width: 1920, height: 818 },
    audio: [someAudio({ index: 1, language: 'en', default: true }), someAudio({ index: 2, language: 'de' })],
    text: [someText({ index: 3, language: 'en' })],
  });
  return { found, analysis: analysisOf('montage', 'vmaf') };
}

/** A day's arrivals: many short films and some long ones, 3 to 120 minutes. */
export function batchOf(count: number): Film[] {
  const minutes = [3, 5, 8, 12, 22, 24, 45, 52, 95, 120];
  return Array.from({ length: count }, (_, at) => filmOf((minutes[at % minutes.length] as number) * 60 + at));
}
