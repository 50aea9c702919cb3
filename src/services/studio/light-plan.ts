/**
 * The plan of a first light: the lowest rung and the default sound, in spans of growing length on the film's grid.
 * Names, lengths and times of all segments follow from it before anything is encoded. Pure.
 */
import { LIGHT_PACKET_SAMPLES, LIGHT_SAMPLE_RATE, lightFile } from '../../contracts/light.ts';
import { mainSound } from '../../contracts/main-sound.ts';
import type { Inspection, LightSource, PackagedTrack, Rung, TaskSpec } from '../../contracts/tasks.ts';
import { encodeCost } from './cost.ts';
import { type Grid, type GridConfig, planGrid } from './grid.ts';
import { planLadder } from './ladder.ts';
import { pictureOf } from './picture-treatment.ts';
import type { PlannedTask } from './plan.ts';
import { LIKELY_PART } from './rung-rate.ts';
import { type AudioPlan, CHANNELS, stereoBits } from './stereo.ts';
import { LIGHT_SPANS } from './urgency.ts';

export type LightPlan = {
  /** What the glance found. */
  found: Inspection;
  source: LightSource;
  grid: Grid;
  rung: Rung;
  audio: AudioPlan | null;
  /** What its sound is made louder by; absent leaves it as it is. */
  gainDb?: number;
  /** Segments of the whole film. */
  segments: number;
};
export type LightSpec = Extract<TaskSpec, { kind: 'first-light' }>;
export type Span = { first: number; count: number; urgent: boolean; priority: number };

export const LIGHT_TRACK = 'light';
/** Segments of the first spans, and of all further ones: short ones come soon, long ones cost fewer starts. */
const SPAN_SEGMENTS = [1, 2, 4, 8];
const LONG_SPAN_SEGMENTS = 15;
/** Spans at the start that a viewer may be waiting for. */
const URGENT_SPANS = 2;

export function planLight(
  found: Inspection,
  source: LightSource,
  config: GridConfig,
  gainDb?: number,
): LightPlan {
  const grid = planGrid(found, config);
  const stream = mainSound(found.audio);
  return {
    ...{ found, source, grid, rung: planLadder(found.video)[0] as Rung },
    audio: stream ? { id: `a${stream.index}`, stream } : null,
    segments: Math.ceil(grid.frames / grid.segmentFrames),
    ...(gainDb === undefined ? {} : { gainDb }),
  };
}

export function planSpans({ segments }: Pick<LightPlan, 'segments'>): Span[] {
  const spans: Span[] = [];
  for (let first = 1; first <= segments; ) {
    const left = segments - first + 1;
    const wanted = SPAN_SEGMENTS[spans.length] ?? LONG_SPAN_SEGMENTS;
    const count = Math.min(left, wanted);
    const at = spans.length;
    spans.push({ first, count, urgent: at < URGENT_SPANS, priority: LIGHT_SPANS.priorityOf(at) });
    first += count;
  }
  return spans;
}

/** `mark` tells a task from an earlier one for the same place. */
export function spanTask(light: LightPlan, span: Span, mark = ''): PlannedTask {
  const { grid, found, source, rung, segments } = light;
  const { first, count, urgent, priority } = span;
  const firstFrame = (first - 1) * grid.segmentFrames;
  const last = first + count - 1 === segments;
  const frames = Math.min(count * grid.segmentFrames, grid.frames - firstFrame);
  const spec: LightSpec = {
    ...{ kind: 'first-light', master: '', source, streamIndex: found.video.index, rung },
    picture: pictureOf(found),
    ...{ firstFrame, frames, gopFrames: grid.gopFrames, segmentFrames: grid.segmentFrames },
    ...{ firstSegment: first, sound: soundOf(light, first, count), last, urgent },
  };
  const pixels = found.video.width * found.video.height;
  const name = `${LIGHT_TRACK}-${String(first).padStart(5, '0')}${mark}`;
  const cost = encodeCost(frames, pixels, rung);
  return { name, track: LIGHT_TRACK, kind: spec.kind, spec, priority, cost, waits: false };
}

function soundOf(light: LightPlan, first: number, count: number): LightSpec['sound'] {
  if (!light.audio) return null;
  const { index: streamIndex, channels } = light.audio.stream;
  const isMono = channels === 1;
  const bounds = Array.from({ length: count + 1 }, (_, at) => firstPacket(light, first + at));
  const bitsPerS = stereoBits(light.audio.stream);
  const { gainDb } = light;
  const level = gainDb === undefined ? {} : { gainDb };
  return { streamIndex, fromMono: isMono, channels: CHANNELS, bitsPerS, bounds, ...level };
}

/** The first packet of a segment: that which is heard at, or next to, the segment's first frame. */
export function firstPacket({ grid, segments }: LightPlan, segment: number): number {
  if (segment === 1) return 0;
  const all = Math.ceil((grid.durationS * LIGHT_SAMPLE_RATE) / LIGHT_PACKET_SAMPLES) + 1;
  const at = Math.round(((segment - 1) * grid.segmentS * LIGHT_SAMPLE_RATE) / LIGHT_PACKET_SAMPLES) + 1;
  // However short the last segment is, there is a packet for it.
  return segment > segments ? all : Math.min(at, all - (segments + 1 - segment));
}

/** The tracks as they will be, before a byte of them is known. Rates are assumed. */
export function wholeTracks(light: LightPlan): { video: PackagedTrack; audio: PackagedTrack | null } {
  const { grid, rung, segments, audio } = light;
  const { frameRate } = light.found.video;
  const timescale = frameRate.num >= 10_000 ? frameRate.num : frameRate.num * 1000;
  const frameTicks = (timescale * frameRate.den) / frameRate.num;
  const numbers = Array.from({ length: segments }, (_, at) => at + 1);
  const size = (bitsPerS: number, ticks: number, scale: number) => Math.ceil((bitsPerS * ticks) / scale / 8);
  const likely = Math.round(rung.bitsPerSMax * LIKELY_PART);
  const pictures = numbers.map((number) => {
    const before = (number - 1) * grid.segmentFrames;
    const ticks = Math.min(grid.segmentFrames, grid.frames - before) * frameTicks;
    return { name: lightFile('v', number), ticks, bytes: size(likely, ticks, timescale) };
  });
  const bits = soundOf(light, 1, 1)?.bitsPerS ?? 0;
  const sounds = numbers.map((number) => {
    const packets = firstPacket(light, number + 1) - firstPacket(light, number) - (number === 1 ? 1 : 0);
    const ticks = packets * LIGHT_PACKET_SAMPLES;
    return { name: lightFile('a', number), ticks, bytes: size(bits, ticks, LIGHT_SAMPLE_RATE) };
  });
  return {
    video: {
      ...{ media: 'video', codecs: 'avc1.64001f', timescale, init: 'v-init.mp4', startTicks: 0 },
      ...{ segments: pictures, bitsPerSPeak: likely, bitsPerSMean: likely },
      ...{ width: rung.width, height: rung.height, frameRate },
    },
    audio: audio && {
      ...{ media: 'audio', codecs: 'mp4a.40.2', timescale: LIGHT_SAMPLE_RATE, init: 'a-init.mp4' },
      ...{ startTicks: 0, segments: sounds, bitsPerSPeak: bits, bitsPerSMean: bits },
      ...{ sampleRate: LIGHT_SAMPLE_RATE, channels: CHANNELS },
    },
  };
}
