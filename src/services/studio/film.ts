/** Puts the results of a title's tracks together as the film that manifests are written from. Pure. */
import { mainSound } from '../../contracts/main-sound.ts';
import type { Chapter, TaskResult } from '../../contracts/tasks.ts';
import { assert } from '../../platform/assert.ts';
import { SPEECH } from './generated-text.ts';
import type { Film, FilmAudio, FilmText, FilmVideo } from './manifests/film.ts';
import { IMAGES_TRACK, type Plan, type TextPlan } from './plan.ts';

/** The result that a track is published from, and the folder of its files, relative to the manifests'. */
export type TrackResult = { track: string; path: string; result: TaskResult };

export function assembleFilm(
  plan: Plan,
  results: readonly TrackResult[],
  chapters: readonly Chapter[] = [],
): Film {
  const found = new Map(results.map((result) => [result.track, result]));
  const video = plan.rungs.flatMap(({ name, range }): FilmVideo[] => {
    const of = found.get(name);
    if (of?.result.kind !== 'package') return [];
    const { track, keys } = of.result;
    return [{ name, path: of.path, track, ...(keys ? { keys } : {}), ...(range ? { range } : {}) }];
  });
  const first = video[0];
  assert(first, 'a film has at least one rendition');
  const ticks = first.track.segments.reduce((sum, segment) => sum + segment.ticks, 0);
  const images = found.get(IMAGES_TRACK);
  const sheets = images?.result.kind === 'images' ? images.result.sheets : null;
  return {
    durationS: ticks / first.track.timescale,
    video,
    audio: audioOf(plan, found),
    text: textOf(plan, found),
    thumbnails: images && sheets ? { path: images.path, sheets } : null,
    ...(chapters.length > 0 ? { chapters } : {}),
  };
}

function audioOf(plan: Plan, found: ReadonlyMap<string, TrackResult>): FilmAudio[] {
  const labels = soundLabels(plan.audio.map(({ stream }) => stream));
  const there = plan.audio.flatMap(({ id, stream }) => {
    const of = found.get(id);
    return of?.result.kind === 'package' ? [{ id, stream, path: of.path, track: of.result.track }] : [];
  });
  const chosen = mainSound(there.map(({ stream }) => stream));
  return there.map(({ id, stream, path, track }) => ({
    ...{ id, path, track, language: stream.language, label: labels.get(stream.index) ?? id },
    default: stream.index === chosen?.index,
    audioDescription: stream.audioDescription,
    ...(stream.commentary ? { commentary: true } : {}),
  }));
}

function textOf(plan: Plan, found: ReadonlyMap<string, TrackResult>): FilmText[] {
  const labels = createLabels();
  const named = (stream: Plan['text'][number]['stream']) => ({
    ...stream,
    label: stream.label || languageName(stream.language) + roleNote(stream),
  });
  const there = plan.text.flatMap(({ id, stream }) => {
    const of = found.get(id);
    if (of?.result.kind !== 'extract-text' && of?.result.kind !== 'transcribe') return [];
    if (of.result.file === null) return [];
    const { file, imsc } = of.result;
    return [{ id, stream, path: of.path + file, ...(imsc ? { imsc: { path: of.path, track: imsc } } : {}) }];
  });
  const chosen = there.find(({ stream }) => stream.default);
  return there.map(({ id, stream, path, imsc }) => ({
    ...{ id, path, language: stream.language, label: labels(named(stream)), ...(imsc ? { imsc } : {}) },
    default: id === chosen?.id,
    forced: stream.forced,
    hearingImpaired: stream.hearingImpaired,
  }));
}

type Sound = Plan['audio'][number]['stream'];

/** By the index of the stream. The same for a stream in every publication and codec, whichever others are there. */
export function soundLabels(streams: readonly Sound[]): Map<number, string> {
  const labels = createLabels();
  const once = new Map(streams.map((stream) => [stream.index, stream]));
  const named = (stream: Sound) => stream.label || languageName(stream.language) + soundNote(stream);
  return new Map(
    [...once].map(([index, stream]) => [index, labels({ ...stream, label: named(stream) })] as const),
  );
}

function soundNote({ audioDescription, commentary }: Sound): string {
  return audioDescription ? ' (audio description)' : commentary ? ' (commentary)' : '';
}

/** Labels that tell tracks apart, as the names of a group must: the master's own, else the language's. */
function createLabels(): (stream: { label: string; language: string }) => string {
  const used = new Set<string>();
  return ({ label, language }) => {
    const wanted = label || languageName(language);
    let unique = wanted;
    for (let n = 2; used.has(unique); n++) unique = `${wanted} ${n}`;
    used.add(unique);
    return unique;
  };
}

/** What tells a track from another one of its language. */
function roleNote({ codec, forced, hearingImpaired }: TextPlan['stream']): string {
  if (codec === SPEECH) return ' (automatic)';
  return forced ? ' (forced)' : hearingImpaired ? ' (SDH)' : '';
}

function languageName(language: string): string {
  if (language === 'und') return 'Original';
  return new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' }).of(language) ?? language;
}
