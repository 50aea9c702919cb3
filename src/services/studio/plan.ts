/**
 * The plan of a film: from what inspection found to tracks and tasks. The plan is stored with the title, so that a
 * restart goes on with the same one, whatever the code says by then. Pure.
 */
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import type { CodecDecision } from '../../contracts/jobs.ts';
import type { Inspection, Rung, SidecarFile, TaskKind, TaskSpec } from '../../contracts/tasks.ts';
import { analysisCost, planAnalysis } from './analysis-plan.ts';
import { type CodecPolicy, weighCodecs } from './codec-policy.ts';
import { audioCost, encodeCost, imagesCost, packageCost, textCost } from './cost.ts';
import { type Grid, type GridConfig, planChunks, planGrid } from './grid.ts';
import { fixedLadder, planLadder } from './ladder.ts';
import { pictureOf } from './picture-treatment.ts';
import type { LadderPreset } from './presets.ts';
import { likelyBitsPerS } from './rung-rate.ts';
import { type AudioPlan, planSound, type SoundCodec, soundOutput } from './stereo.ts';
import { urgency } from './urgency.ts';

/** A stream of the master, or a file beside it, whose `stream` has only what its name tells. */
export type TextPlan = { id: string; stream: Inspection['text'][number]; sidecar?: SidecarFile };

export type Plan = {
  grid: Grid;
  /** From low to high; the names are the ids of their tracks. */
  rungs: Rung[];
  audio: AudioPlan[];
  text: TextPlan[];
  /** How the rungs were come by; absent in plans of older versions, whose ladder was the same for all films. */
  ladder?: LadderPlan;
  /** Why newer codecs are used or not; absent where nothing was weighed. */
  codecs?: CodecDecision[];
};

export type LadderPlan = {
  preset: string;
  /** pending: the rungs above the lowest are not known yet. */
  state: 'pending' | 'chosen' | 'fixed';
  /** What they were chosen by. */
  analysis?: PictureAnalysis;
  /** Why it is a fixed one although it was to be chosen. */
  note?: string;
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

/** The rung whose key frames are for winding: small, and not the one that the first light makes in pieces. */
const KEYS_RUNG = 1;

export const IMAGES_TRACK = 'images';
export const ANALYSIS_TRACK = 'analysis';
/** A film has a few dozen tracks at most; what lies beyond is left out so that one odd file cannot fill the queue. */
const AUDIO_MAX = 16;
export const TEXT_MAX = 48;

export type Ladder = { name: string; preset: LadderPreset } & {
  /** Absent: H.264 alone. */
  policy?: CodecPolicy | undefined;
  soundCodecs?: readonly SoundCodec[] | undefined;
  loudnessLufs?: number | undefined;
  /** The first light's sound, and what it was made louder by. */
  heard?: { streamIndex: number; gainDb: number } | undefined;
};
export type Planned = { plan: Plan; tasks: PlannedTask[] };

/** The first plan of a film. Where its ladder is to be chosen, the rungs above the lowest come by `addRungs`. */
export function planFilm(found: Inspection, config: GridConfig, ladder: Ladder): Planned {
  const rungs =
    ladder.preset.kind === 'fixed' ? fixedLadder(ladder.preset.steps, found.video) : planLadder(found.video);
  const isPending = ladder.preset.kind === 'per-title';
  const grid = planGrid(found, config);
  const other = isPending ? undefined : inNewerCodecs(found, grid, rungs.slice(1), ladder.policy);
  const plan: Plan = {
    grid,
    rungs: other ? [...rungs, ...other.rungs] : rungs.slice(0, 1),
    ...(other && other.decisions.length > 0 ? { codecs: other.decisions } : {}),
    audio: planSound(found.audio.slice(0, AUDIO_MAX), ladder.soundCodecs ?? []),
    text: found.text.slice(0, TEXT_MAX).map((stream) => ({
      id: `t${stream.index}${stream.channel ?? ''}`,
      stream,
    })),
  };
  plan.ladder = { preset: ladder.name, state: isPending ? 'pending' : 'fixed' };
  const tasks = [
    ...plan.rungs.flatMap((rung, index) => videoTasks(found, plan, config, rung, index)),
    ...plan.audio.flatMap((audio) => audioTasks(found, plan, audio, ladder)),
    ...plan.text.map((text) => textTask(found, plan, text)),
    imagesTask(found, plan),
    ...(isPending ? [analyseTask(found, plan)] : []),
  ];
  return { plan, tasks };
}

/** What newer codecs add to these rungs of H.264. */
export function inNewerCodecs(
  found: Inspection,
  { frames, durationS }: Pick<Grid, 'frames' | 'durationS'>,
  rungs: readonly Rung[],
  policy: CodecPolicy | undefined,
  analysis?: PictureAnalysis,
) {
  if (!policy) return { rungs: [], decisions: [] };
  const film = { video: found.video, frames, durationS };
  return weighCodecs(rungs, policy, film, (rung) => likelyBitsPerS(rung, analysis));
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
  const spec: TaskSpec = {
    ...{ kind: 'package', inputs: [], media: 'video', segmentS: grid.segmentS },
    ...(index === KEYS_RUNG ? { keys: true } : {}),
  };
  return [...chunks, packageTask(rung.name, spec, urgency(part, true), grid)];
}

function audioTasks(
  found: Inspection,
  plan: Plan,
  audio: AudioPlan,
  { loudnessLufs, heard }: Ladder,
): PlannedTask[] {
  const { grid } = plan;
  const { id, stream, codec } = audio;
  const part = codec === undefined ? ({ part: 'first-light' } as const) : ({ part: 'more-sound' } as const);
  const spec: TaskSpec = {
    kind: 'encode-audio',
    master: '',
    streamIndex: stream.index,
    startS: found.startS,
    durationS: grid.durationS,
    ...soundOutput(audio),
    ...(loudnessLufs === undefined ? {} : { loudnessLufs }),
    ...(loudnessLufs !== undefined && heard?.streamIndex === stream.index
      ? { heardGainDb: heard.gainDb }
      : {}),
  };
  const encode: PlannedTask = {
    name: `${id}-encode`,
    track: id,
    kind: spec.kind,
    spec,
    priority: urgency(part),
    cost: audioCost(grid.durationS),
    waits: false,
  };
  const { language } = stream;
  const wrap: TaskSpec = {
    ...{ kind: 'package', inputs: [], media: 'audio', segmentS: grid.segmentS },
    ...(language === 'und' ? {} : { language }),
  };
  return [encode, packageTask(id, wrap, urgency(part, true), grid)];
}

/** The same plan with further rungs, and the tasks that they take. */
export function addRungs(found: Inspection, plan: Plan, config: GridConfig, rungs: readonly Rung[]): Planned {
  const before = plan.rungs.length;
  const all = { ...plan, rungs: [...plan.rungs, ...rungs] };
  const tasks = rungs.flatMap((rung, at) => videoTasks(found, all, config, rung, before + at));
  return { plan: all, tasks };
}

function analyseTask(found: Inspection, plan: Plan): PlannedTask {
  const spec = planAnalysis(found, plan.grid);
  return {
    ...{ name: ANALYSIS_TRACK, track: ANALYSIS_TRACK, kind: spec.kind, spec, waits: false },
    ...{ priority: urgency({ part: 'analysis' }), cost: analysisCost(spec, found) },
  };
}

function packageTask(track: string, spec: TaskSpec, priority: number, grid: Grid): PlannedTask {
  const cost = packageCost(grid.durationS);
  return { name: `${track}-package`, track, kind: spec.kind, spec, priority, cost, waits: true };
}

export function textTask(found: Inspection, plan: Plan, { id, stream, sidecar }: TextPlan): PlannedTask {
  const { durationS } = plan.grid;
  const spec: TaskSpec = {
    kind: 'extract-text',
    master: '',
    streamIndex: stream.index,
    startS: found.startS,
    durationS,
    ...(sidecar ? { sidecar } : {}),
    ...(stream.channel ? { channel: stream.channel } : {}),
    ...(stream.language === 'und' ? {} : { language: stream.language }),
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
