/**
 * The plan of a film: from what inspection found to tracks and tasks. The plan is stored with the title, so that a
 * restart goes on with the same one, whatever the code says by then. Pure.
 */
import type { Inspection, Rung, TaskKind, TaskSpec } from '../../contracts/tasks.ts';
import { audioCost, encodeCost, imagesCost, packageCost, textCost } from './cost.ts';
import { type Grid, type GridConfig, planChunks, planGrid } from './grid.ts';
import { planLadder } from './ladder.ts';
import { urgency } from './urgency.ts';

export type AudioPlan = { id: string; stream: Inspection['audio'][number] };
export type TextPlan = { id: string; stream: Inspection['text'][number] };

export type Plan = {
  grid: Grid;
  /** From low to high; the names are the ids of their tracks. */
  rungs: Rung[];
  audio: AudioPlan[];
  text: TextPlan[];
};

/** A task without URLs: `master` and `inputs` are filled in when it is leased. */
export type PlannedTask = {
  /** Names the task within its version of the title, and its folder. */
  name: string;
  track: string;
  kind: TaskKind;
  spec: TaskSpec;
  priority: number;
  cost: number;
  /** A package waits for all other tasks of its track. */
  waits: boolean;
};

export const IMAGES_TRACK = 'images';
/** A film has a few dozen tracks at most; what lies beyond is left out so that one odd file cannot fill the queue. */
const AUDIO_MAX = 16;
const TEXT_MAX = 48;
/** All sound becomes stereo, which every browser plays. Bits per second, by whether the source has one channel. */
const CHANNELS = 2;
const STEREO_BITS = 128_000;
const MONO_BITS = 96_000;

export function planFilm(found: Inspection, config: GridConfig): { plan: Plan; tasks: PlannedTask[] } {
  const plan: Plan = {
    grid: planGrid(found, config),
    rungs: planLadder(found.video),
    audio: found.audio.slice(0, AUDIO_MAX).map((stream) => ({ id: `a${stream.index}`, stream })),
    text: found.text.slice(0, TEXT_MAX).map((stream) => ({ id: `t${stream.index}`, stream })),
  };
  const tasks = [
    ...plan.rungs.flatMap((rung, index) => videoTasks(found, plan, config, rung, index)),
    ...plan.audio.flatMap((audio) => audioTasks(found, plan, audio)),
    ...plan.text.map((text) => textTask(found, plan, text)),
    imagesTask(found, plan),
  ];
  return { plan, tasks };
}

/** How the master's pictures are treated, the same for all rungs. */
export function pictureOf({ video, startS }: Inspection) {
  const { frameRate, interlaced, colour, fullRange } = video;
  const toneMap = colour === 'sdr' ? ('none' as const) : colour;
  return { frameRate, startS, deinterlace: interlaced, toneMap, fullRange };
}

export function videoTasks(
  found: Inspection,
  plan: Plan,
  config: GridConfig,
  rung: Rung,
  index: number,
): PlannedTask[] {
  const { grid } = plan;
  const part = index === 0 ? ({ part: 'first-light' } as const) : ({ part: 'rung', index } as const);
  const pixels = found.video.width * found.video.height;
  const chunks = planChunks(grid, config).map((chunk, at): PlannedTask => {
    const spec: TaskSpec = {
      kind: 'encode-video',
      master: '',
      streamIndex: found.video.index,
      rung,
      picture: pictureOf(found),
      gopFrames: grid.gopFrames,
      ...chunk,
    };
    const name = `${rung.name}-${String(at + 1).padStart(4, '0')}`;
    const cost = encodeCost(chunk.frames, pixels, rung);
    return {
      name,
      track: rung.name,
      kind: spec.kind,
      spec,
      priority: urgency(part),
      cost,
      waits: false,
    };
  });
  const spec: TaskSpec = { kind: 'package', inputs: [], media: 'video', segmentS: grid.segmentS };
  return [...chunks, packageTask(rung.name, spec, urgency(part, true), grid)];
}

function audioTasks(found: Inspection, plan: Plan, { id, stream }: AudioPlan): PlannedTask[] {
  const { grid } = plan;
  const spec: TaskSpec = {
    kind: 'encode-audio',
    master: '',
    streamIndex: stream.index,
    startS: found.startS,
    durationS: grid.durationS,
    channels: CHANNELS,
    bitsPerS: stream.channels === 1 ? MONO_BITS : STEREO_BITS,
  };
  const encode: PlannedTask = {
    name: `${id}-encode`,
    track: id,
    kind: spec.kind,
    spec,
    priority: urgency({ part: 'first-light' }),
    cost: audioCost(grid.durationS),
    waits: false,
  };
  const { language } = stream;
  const wrap: TaskSpec = {
    ...{ kind: 'package', inputs: [], media: 'audio', segmentS: grid.segmentS },
    ...(language === 'und' ? {} : { language }),
  };
  return [encode, packageTask(id, wrap, urgency({ part: 'first-light' }, true), grid)];
}

function packageTask(track: string, spec: TaskSpec, priority: number, grid: Grid): PlannedTask {
  const cost = packageCost(grid.durationS);
  return { name: `${track}-package`, track, kind: spec.kind, spec, priority, cost, waits: true };
}

function textTask(found: Inspection, plan: Plan, { id, stream }: TextPlan): PlannedTask {
  const { durationS } = plan.grid;
  const spec: TaskSpec = {
    kind: 'extract-text',
    master: '',
    streamIndex: stream.index,
    startS: found.startS,
    durationS,
  };
  const priority = urgency({ part: 'first-light' });
  return { name: id, track: id, kind: spec.kind, spec, priority, cost: textCost(durationS), waits: false };
}

function imagesTask(found: Inspection, plan: Plan): PlannedTask {
  const { durationS } = plan.grid;
  const { index, width, height } = found.video;
  const spec: TaskSpec = {
    kind: 'images',
    master: '',
    streamIndex: index,
    picture: pictureOf(found),
    durationS,
    width,
    height,
  };
  return {
    name: IMAGES_TRACK,
    track: IMAGES_TRACK,
    kind: spec.kind,
    spec,
    priority: urgency({ part: 'images' }),
    cost: imagesCost(durationS),
    waits: false,
  };
}
