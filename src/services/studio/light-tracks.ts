/** What the spans of a first light that are done make together: how far it reaches, and its tracks. Pure. */
import type { LightExtent } from '../../contracts/light.ts';
import { segmentRates } from '../../contracts/segment-rates.ts';
import type { LightTrack, PackagedTrack, StoredFile, TaskResult } from '../../contracts/tasks.ts';
import { type LightPlan, wholeTracks } from './light-plan.ts';

export type LightResult = Extract<TaskResult, { kind: 'first-light' }>;
export type DoneSpan = { first: number; result: LightResult };

/** Runs of segments that are there, ascending. */
export function spansOf(done: readonly DoneSpan[]): LightExtent['spans'] {
  const runs: LightExtent['spans'] = [];
  for (const { first, result } of done.toSorted((a, b) => a.first - b.first)) {
    const last = first + result.video.segments.length - 1;
    const before = runs.at(-1);
    if (before && before[1] + 1 >= first) before[1] = Math.max(before[1], last);
    else runs.push([first, last]);
  }
  return runs;
}

/** Segments from the film's start on. */
export function reachOf(done: readonly DoneSpan[]): number {
  const [run] = spansOf(done);
  return run?.[0] === 1 ? run[1] : 0;
}

/** Whether one init segment serves all spans, which were perhaps made on different machines. */
export function fitTogether(done: readonly DoneSpan[]): boolean {
  const configs = new Set(done.map(({ result }) => `${result.video.config} ${result.audio?.config}`));
  return configs.size <= 1;
}

/** Both tracks from the start as far as they reach without a gap. Their configuration is that of the first span. */
export function reachedTracks(
  light: LightPlan,
  done: readonly DoneSpan[],
): { video: PackagedTrack; audio: PackagedTrack | null } {
  const reach = reachOf(done);
  const whole = wholeTracks(light);
  const inOrder = done.filter(({ first }) => first <= reach).toSorted((a, b) => a.first - b.first);
  const of = (planned: PackagedTrack, kind: 'video' | 'audio'): PackagedTrack => {
    const parts = inOrder.flatMap(({ result }) => result[kind] ?? []);
    const [one] = parts as [LightTrack, ...LightTrack[]];
    const segments = parts.flatMap((part) => part.segments);
    const { codecs, timescale, width, height, sampleRate, channels, protection } = one;
    return {
      ...planned,
      ...{ codecs, timescale, segments, ...segmentRates(segments, timescale) },
      ...(width === undefined ? {} : { width, height }),
      ...(sampleRate === undefined ? {} : { sampleRate, channels }),
      ...(protection ? { protection } : {}),
    };
  };
  return { video: of(whole.video, 'video'), audio: whole.audio && of(whole.audio, 'audio') };
}

export function filesOf(done: readonly DoneSpan[]): StoredFile[] {
  return done.flatMap(({ result }) => result.files ?? []);
}
