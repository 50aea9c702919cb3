/** Describes a master's picture, sound and text streams in Matinee's words. Pure: reads what `probe.ts` found. */
import { languageOf } from '../../contracts/language.ts';
import { mainSound } from '../../contracts/main-sound.ts';
import type { Chapter, Inspection } from '../../contracts/tasks.ts';
import { carriesCaptions } from './embedded-captions.ts';
import { numberOf, type Probed, type ProbedStream } from './probe.ts';

type AudioStream = Inspection['audio'][number];
type TextStream = Inspection['text'][number];

const TEXT_CODECS: readonly string[] = ['subrip', 'ass', 'ssa', 'webvtt', 'mov_text', 'text', 'srt'];

/** The picture stream to show: no cover art; the default one, else the largest. */
export function pickVideo(streams: readonly ProbedStream[]): ProbedStream | undefined {
  const area = (stream: ProbedStream) => (stream.width ?? 0) * (stream.height ?? 0);
  return streams
    .filter(isMovingPicture)
    .sort((a, b) => flag(b, 'default') - flag(a, 'default') || area(b) - area(a) || a.index - b.index)[0];
}

export function isMovingPicture(stream: ProbedStream): boolean {
  if (stream.codec_type !== 'video') return false;
  return !flag(stream, 'attached_pic') && !flag(stream, 'still_image') && !flag(stream, 'timed_thumbnails');
}

function flag(stream: ProbedStream, name: string): number {
  return stream.disposition?.[name] ?? 0;
}

/** Degrees, clockwise, that the picture is turned by for showing: 0, 90, 180 or 270 in all usual masters. */
export function rotationOf(stream: ProbedStream): number {
  const matrix = stream.side_data_list?.find((data) => data.side_data_type === 'Display Matrix');
  const counterClockwise = Number(matrix?.rotation ?? 0);
  return Number.isFinite(counterClockwise) ? ((-counterClockwise % 360) + 360) % 360 : 0;
}

/** Size as it is shown: square pixels (the height is kept), then turned, then even. */
export function shownSize(stream: ProbedStream): { width: number; height: number } {
  const [num = 0, den = 0] = (stream.sample_aspect_ratio ?? '').split(':').map(Number);
  const aspect = num > 0 && den > 0 ? num / den : 1;
  const width = even((stream.width ?? 0) * aspect);
  const height = even(stream.height ?? 0);
  return rotationOf(stream) % 180 === 90 ? { width: height, height: width } : { width, height };
}

/** The nearest even number, the lower one of two. */
function even(side: number): number {
  return 2 * Math.round((side - 0.01) / 2);
}

export function bitDepthOf(pixelFormat = ''): number {
  const match = /(?:p|gray|gbrap?|rgba?|x2rgb|x2bgr|^p0|^y2)(9|10|12|14|16)(?:le|be)?$/.exec(pixelFormat);
  if (match) return Number(match[1]);
  return /48(le|be)$|64(le|be)$/.test(pixelFormat) ? 16 : 8;
}

export function colourOf(stream: ProbedStream): 'sdr' | 'pq' | 'hlg' {
  if (stream.color_transfer === 'smpte2084') return 'pq';
  return stream.color_transfer === 'arib-std-b67' ? 'hlg' : 'sdr';
}

export function isFullRange(stream: ProbedStream): boolean {
  return stream.color_range === 'pc' || (stream.pix_fmt ?? '').startsWith('yuvj');
}

/** Dolby Vision profile 5 has no base layer that other decoders show in right colours. */
export function isDolbyVisionOnly(stream: ProbedStream): boolean {
  return (stream.side_data_list ?? []).some(
    (data) => data.side_data_type === 'DOVI configuration record' && data.dv_profile === 5,
  );
}

/** ffmpeg's names of what the master states. */
export function colourNames(stream: ProbedStream) {
  const { color_primaries: primaries, color_transfer: transfer, color_space: matrix } = stream;
  return {
    ...(primaries ? { primaries } : {}),
    ...(transfer ? { transfer } : {}),
    ...(matrix ? { matrix } : {}),
  };
}

const CHAPTERS_MAX = 500;

/** On the title's time line, cut to the film; those without any length in it are left out. */
export function chaptersOf(probed: Probed, startS: number, durationS: number): Chapter[] {
  const within = (text: string | undefined) =>
    Math.min(durationS, Math.max(0, (numberOf(text) ?? 0) - startS));
  return probed.chapters
    .map((chapter) => ({
      ...{ startS: within(chapter.start_time), endS: within(chapter.end_time) },
      title: (chapter.tags?.title ?? '').trim().slice(0, 200),
    }))
    .filter((chapter) => chapter.endS > chapter.startS)
    .sort((a, b) => a.startS - b.startS)
    .slice(0, CHAPTERS_MAX);
}

/** Many programs that write masters know no roles, and say it in the track's title only. */
const DESCRIBES =
  /\b(audio[ -]?descri(ption|bed)|descriptive (audio|video)|described video|audiodeskription|audiodescription)\b/i;
const COMMENTS = /\b(commentary|kommentar|commentaire)\b/i;

export function describeAudio(streams: readonly ProbedStream[], notes: string[]): AudioStream[] {
  const found = streams.filter((stream) => stream.codec_type === 'audio');
  return found.flatMap((stream) => {
    const codec = stream.codec_name ?? 'unknown';
    const channels = stream.channels ?? 0;
    const sampleRate = Number(stream.sample_rate ?? 0);
    if (codec === 'unknown' || codec === 'none' || channels < 1 || !(sampleRate > 0)) {
      notes.push(`sound track ${stream.index} cannot be decoded and is left out`);
      return [];
    }
    const title = tagOf(stream, 'title') ?? '';
    const audioDescription =
      flag(stream, 'visual_impaired') === 1 || flag(stream, 'descriptions') === 1 || DESCRIBES.test(title);
    const commentary = flag(stream, 'comment') === 1 || COMMENTS.test(title);
    const layout = stream.channel_layout ? { layout: stream.channel_layout } : {};
    const role = commentary ? { commentary } : {};
    return [{ ...named(stream), codec, channels, sampleRate, audioDescription, ...role, ...layout }];
  });
}

export function describeText(streams: readonly ProbedStream[], notes: string[]): TextStream[] {
  const found = streams.filter((stream) => stream.codec_type === 'subtitle');
  return found.flatMap((stream) => {
    const codec = stream.codec_name ?? 'unknown';
    if (!TEXT_CODECS.includes(codec)) {
      notes.push(`subtitles ${stream.index} are pictures or of an unknown kind (${codec}) and are left out`);
      return [];
    }
    const hearingImpaired = flag(stream, 'hearing_impaired') === 1 || flag(stream, 'captions') === 1;
    return [{ ...named(stream), codec, forced: flag(stream, 'forced') === 1, hearingImpaired }];
  });
}

/** Captions inside the pictures; which of their channels are used is seen when they are read. */
export function describeCaptions(
  video: ProbedStream,
  areThere: boolean,
  audio: readonly AudioStream[],
): TextStream[] {
  if (!areThere || !carriesCaptions(video.codec_name ?? '')) return [];
  // The first field is in the language of the programme; nothing tells that of the second.
  const language = mainSound(audio)?.language ?? 'und';
  const shared = { index: video.index, codec: 'eia_608', default: false, forced: false };
  return [
    { ...shared, channel: 'cc1', language, label: '', hearingImpaired: true },
    { ...shared, channel: 'cc3', language: 'und', label: 'CC3', hearingImpaired: true },
  ];
}

function named(stream: ProbedStream) {
  return {
    index: stream.index,
    language: languageOf(tagOf(stream, 'language')),
    label: (tagOf(stream, 'title') ?? '').trim().slice(0, 200),
    default: flag(stream, 'default') === 1,
  };
}

function tagOf(stream: ProbedStream, name: string): string | undefined {
  const found = Object.entries(stream.tags ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}
