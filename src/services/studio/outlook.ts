/**
 * What the catalog is told of a title: state, stage in words, progress of the whole way, and the time that is left.
 * Pure; when it is told is decided in `teller.ts`.
 */
import { isGenerated } from './generated-text.ts';
import type { Plan } from './plan.ts';
import type { TitleRow } from './tables.ts';
import { type TaskState, trackState } from './tracks.ts';

/** The parts of the whole way at which the stages begin. */
const INSPECT_FROM = 0.2;
const ENCODE_FROM = 0.25;
/** The last bit of the way is the last publication. */
const ENCODE_TO = 0.99;
/** Progress before it can be said how long the rest will take. */
const MEASURED_MIN = 0.02;

/** When, and at which share of the work, the studio began to watch; the estimate is made from there. */
export type Meter = { ms: number; share: number };

export type Outlook = {
  state?: 'uploading' | 'ingesting' | 'playable' | 'ready' | 'refused';
  stage: string;
  progress: number;
  etaS: number | null;
  durationS?: number | null;
  playableS: number | null;
  width?: number | null;
  height?: number | null;
  reason: string | null;
  reasonCode: string | null;
  bytes?: number | null;
  bytesExpected?: number | null;
};

export function outlookOf(
  title: TitleRow,
  tasks: readonly TaskState[],
  meter: Meter,
  nowMs: number,
): Outlook {
  const playableS = playableOf(title);
  const none = { etaS: null, reason: null, reasonCode: null, playableS };
  const plays = title.published !== null;
  const master = { bytes: title.master_bytes, bytesExpected: title.master_bytes };
  const under = plays ? ('playable' as const) : ('ingesting' as const);
  const forward = (progress: number) => Math.max(title.progress, Math.round(progress * 1000) / 1000);
  const why = { reason: title.reason, reasonCode: title.reason_code };
  switch (title.state) {
    case 'uploading':
      return {
        ...none,
        state: 'uploading',
        stage: 'Uploading',
        progress: forward(INSPECT_FROM * uploadShare(title)),
        ...{ bytes: title.received, bytesExpected: title.expected },
      };
    case 'inspecting':
      return {
        ...none,
        state: under,
        stage: 'Inspecting',
        progress: forward(INSPECT_FROM),
        ...master,
        ...shape(title),
      };
    case 'encoding': {
      const share = workShare(tasks);
      return {
        ...{ state: under, stage: stageOf(title, tasks), ...why, ...master, ...shape(title), playableS },
        progress: forward(ENCODE_FROM + (ENCODE_TO - ENCODE_FROM) * share),
        etaS: timeLeftS(meter, share, nowMs),
      };
    }
    case 'ready':
      return { ...none, ...why, state: 'ready', stage: 'Ready', progress: 1, ...master, ...shape(title) };
    case 'refused':
    case 'removed':
      // What was published earlier plays on; the reason says why no more came of it.
      return plays
        ? { ...none, ...why, state: 'ready', stage: 'Ready', progress: 1 }
        : { ...none, ...why, state: 'refused', stage: 'Refused', progress: title.progress };
  }
}

function uploadShare({ received, expected }: TitleRow): number {
  if (received === null || expected === null || expected <= 0) return 0;
  return Math.min(1, received / expected);
}

/** Length and size of the film that plays: a newer master's only once it plays itself. */
function shape({ inspection, plan, light, published, version }: TitleRow) {
  if (published && published.version !== version) return {};
  if (!plan && light) {
    const { width, height } = light.plan.found.video;
    return { durationS: light.plan.grid.durationS, width, height };
  }
  if (!inspection || !plan) return {};
  return {
    durationS: plan.grid.durationS,
    width: inspection.video.width,
    height: inspection.video.height,
  };
}

/** While only the first light plays: how far it has come. */
function playableOf({ light, published }: TitleRow): number | null {
  const isLight = light !== null && light.number !== null && published?.number === light.number;
  return isLight && light.state !== 'complete' ? light.reachS : null;
}

/** Part of the planned work that is done, by what tasks cost. */
export function workShare(tasks: readonly TaskState[]): number {
  let all = 0;
  let done = 0;
  for (const { state, cost, progress } of tasks) {
    if (state === 'dropped') continue;
    all += cost;
    done += state === 'done' ? cost : state === 'leased' ? cost * progress : 0;
  }
  return all === 0 ? 0 : done / all;
}

function timeLeftS(meter: Meter, share: number, nowMs: number): number | null {
  const gained = share - meter.share;
  if (gained < MEASURED_MIN) return null;
  return Math.round(((nowMs - meter.ms) * (1 - share)) / gained / 1000);
}

/** What is worked on, in the order in which it is: the first light with its sound, then the higher rungs. */
function stageOf(title: TitleRow, tasks: readonly TaskState[]): string {
  if (title.pending) return 'Publishing';
  const isOpen = ({ state }: TaskState) => state !== 'done' && state !== 'dropped';
  const { rungs, audio, text } = title.plan as Plan;
  const lowest = rungs[0]?.name;
  const isOf = ({ track, kind }: TaskState, name: string) =>
    (kind === 'encode-video' && track === name) || (kind === 'first-light' && name === lowest);
  const isEncoded = (name: string) => !tasks.some((task) => isOf(task, name) && isOpen(task));
  const rung = rungs.find(({ name }) => !isEncoded(name));
  const first = new Set(audio.filter(({ codec }) => codec === undefined).map(({ id }) => id));
  const sound = tasks.some((task) => task.kind === 'encode-audio' && first.has(task.track) && isOpen(task));
  if (sound && rung !== rungs[0]) return 'Encoding sound';
  if (rung) return `Encoding ${rung.name}`;
  if (title.plan?.ladder?.state === 'pending') return 'Choosing renditions';
  const tracks = [...rungs.map(({ name }) => name), ...audio.map(({ id }) => id)];
  if (tracks.some((track) => trackState(tasks, track) === 'open')) return 'Packaging';
  const open = text.filter(({ id }) => trackState(tasks, id) === 'open');
  if (open.length === 0) return 'Publishing';
  return open.every(isGenerated) ? 'Recognising speech' : 'Adding captions';
}
