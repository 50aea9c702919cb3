/**
 * Inspects a master: is it a film that can be decoded from start to end, and what is in it. What cannot become a
 * title is refused with a sentence for the person who uploaded it; only trouble on our side is a failure.
 */
import type { Crop, Inspection, RefusalCode, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { fetchRange } from './fetch-inputs.ts';
import { assertMasterUrl } from './ffmpeg.ts';
import { chooseRate, parseRate, perSecond, type Rate } from './frame-rate.ts';
import { grainOf } from './grain.ts';
import { clockNotes, fatalJump, hasFreeClock } from './inspect-clock.ts';
import { agreedCrop } from './inspect-crop.ts';
import { type MeasuredLength, measureLength } from './inspect-length.ts';
import { decodeSample, isInterlaced, pulldownOf, type Sample } from './inspect-samples.ts';
import { decodableSound } from './inspect-sound.ts';
import {
  bitDepthOf,
  chaptersOf,
  colourNames,
  colourOf,
  describeAudio,
  describeCaptions,
  describeText,
  isDolbyVisionOnly,
  isFullRange,
  isMovingPicture,
  pickVideo,
  rotationOf,
  shownSize,
} from './inspect-streams.ts';
import { isIndexed, type Jump, numberOf, type Probed, type ProbedStream, probe } from './probe.ts';
import { refusalOfUnreadable } from './refusals.ts';
import type { TaskContext } from './task-context.ts';

export type InspectSpec = Extract<TaskSpec, { kind: 'inspect' }>;

const SIDE_MIN = 16;
const SIDE_MAX = 8192;
const LENGTH_S_MAX = 12 * 3600;
const HEAD_BYTES = 4096;

/** A finding that ends the inspection. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Refusals that a connection which broke off would look like. */
const DOUBTFUL: readonly RefusalCode[] = ['not_media', 'truncated', 'undecodable', 'unsupported'];
const TAIL_BYTES = 65_536;

export async function inspect(context: TaskContext, spec: InspectSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  let found = await outcomeOf(context, spec);
  if (found.verdict === 'refused' && DOUBTFUL.includes(found.code)) {
    // A refusal is for good, so it is given only when the way to the file is open and it happens twice. ffprobe
    // takes a broken connection for the end of the file.
    await fetchRange(context, spec.master, { from: Math.max(0, spec.bytes - TAIL_BYTES), bytes: TAIL_BYTES });
    found = await outcomeOf(context, spec);
  }
  return { kind: 'inspect', outcome: found };
}

type Outcome = Extract<TaskResult, { kind: 'inspect' }>['outcome'];

async function outcomeOf(context: TaskContext, spec: InspectSpec): Promise<Outcome> {
  try {
    return { verdict: 'accepted', inspection: await examine(context, spec) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'refused', code: error.code, reason: error.message };
  }
}

async function examine(context: TaskContext, spec: InspectSpec): Promise<Inspection> {
  if (spec.bytes === 0) throw new Refusal('empty_file', 'The file is empty. Please upload it again.');
  const result = await probe(context, spec.master);
  if (!result.found) {
    const head = await fetchRange(context, spec.master, { from: 0, bytes: HEAD_BYTES });
    const { code, reason } = refusalOfUnreadable(head, result.errors);
    throw new Refusal(code, reason);
  }
  context.progress(0.1);
  const video = needVideo(result.found);
  const everyPacket = hasFreeClock(result.found.format.format_name);
  const length = await measureLength(context, spec.master, result.found, video, { everyPacket });
  context.progress(0.3);
  needOneClock(length, numberOf(video.start_time) ?? 0);
  const endS = needWholeFile(length);
  const samples = await takeSamples(context, spec.master, result.found, video, length.lastS);
  const crop = await agreedCrop(context, spec.master, video, { samples, lastS: length.lastS });
  const { lastS, jumps } = length;
  const described = describeMaster(spec, result.found, video, { endS, lastS, samples, crop, jumps });
  const { audio, notes, startS } = described;
  const sound = await decodableSound(context, spec.master, result.found, { audio, startS, endS, notes });
  // Combed pictures look noisy, and deinterlacing takes grain out.
  const isWhole = !described.video.interlaced && described.video.firstField === undefined;
  const grain = isWhole ? grainOf(samples.flatMap(({ pair }) => pair ?? [])) : undefined;
  const pictures = grain === undefined ? described.video : { ...described.video, grain };
  return { ...described, video: pictures, audio: sound };
}

export function needVideo(probed: Probed): ProbedStream {
  const video = pickVideo(probed.streams);
  if (!video) {
    const hasSound = probed.streams.some((stream) => stream.codec_type === 'audio');
    throw new Refusal(
      'no_video',
      hasSound ? 'The file has sound but no pictures.' : 'The file has no film in it.',
    );
  }
  const codec = video.codec_name ?? 'unknown';
  if (codec === 'unknown' || codec === 'none') {
    throw new Refusal('unsupported', 'The pictures are in a format that cannot be decoded here.');
  }
  if (isDolbyVisionOnly(video)) {
    const advice = 'Please export it as HDR10, HLG or SDR.';
    throw new Refusal(
      'unsupported',
      `The film is in Dolby Vision profile 5, which cannot be converted. ${advice}`,
    );
  }
  if (!video.width || !video.height) {
    throw new Refusal('undecodable', 'The pictures cannot be decoded: the file does not tell their size.');
  }
  const { width, height } = shownSize(video);
  if (Math.min(width, height) < SIDE_MIN) {
    throw new Refusal(
      'too_small',
      `The picture is ${width} x ${height}; at least ${SIDE_MIN} pixels a side are needed.`,
    );
  }
  if (Math.max(width, height, video.width, video.height) > SIDE_MAX) {
    throw new Refusal(
      'unsupported',
      `The picture is ${width} x ${height}; at most ${SIDE_MAX} pixels a side are possible.`,
    );
  }
  return video;
}

export function needWholeFile(length: MeasuredLength): number {
  if (length.missingToS !== undefined) {
    const from = length.endS === undefined ? 'the start' : clockText(length.endS);
    const to = clockText(length.missingToS);
    throw new Refusal(
      'truncated',
      `The file was cut off: from ${from} to ${to} nothing can be read. Please upload it again.`,
    );
  }
  if (length.endS === undefined)
    throw new Refusal('undecodable', 'The file holds no picture that can be read.');
  return length.endS;
}

/** Its seconds must name one place of the film each. */
function needOneClock({ jumps }: MeasuredLength, startS: number): void {
  const jump = fatalJump(jumps);
  if (!jump) return;
  const way = jump.byS > 0 ? 'ahead' : 'back';
  const by = Math.abs(jump.byS).toFixed(1);
  throw new Refusal(
    'clock_jumps',
    `The clock of the recording jumps ${way} by ${by} s at ${clockText(jump.atS - startS)}. Please write it anew ` +
      'with one clock, as ffmpeg does with "-i recording.ts -map 0 -c copy film.mkv".',
  );
}

/** Start, middle and end; all must give pictures. */
async function takeSamples(
  context: TaskContext,
  master: string,
  probed: Probed,
  video: ProbedStream,
  lastS: number,
): Promise<Sample[]> {
  const startS = numberOf(video.start_time) ?? 0;
  // A seek in a container without an index may land behind the key frame that the sample needs.
  const back = isIndexed(probed.format.format_name) ? 1 : 15;
  const places = [
    { name: 'at the start', atS: undefined, frames: 90 },
    { name: 'in the middle', atS: (startS + lastS) / 2 - back + 1, frames: 60 },
    { name: 'near the end', atS: lastS - back, frames: 60 },
  ];
  const samples: Sample[] = [];
  for (const place of places) {
    // A film that the first sample went through needs no more.
    if (samples[0] && (samples[0].timesS.at(-1) ?? 0) >= lastS - 0.001) break;
    // Turned pictures would have to be cut out otherwise; phones have no grain.
    const pairOf = { width: video.width ?? 0, height: video.height ?? 0 };
    const wanted = rotationOf(video) === 0 ? { pairOf } : {};
    const sample = await decodeSample(context, master, { index: video.index, ...place, ...wanted });
    if (sample.timesS.length === 0) {
      const where = samples.length === 0 ? '' : ` ${place.name}`;
      throw new Refusal('undecodable', `The pictures cannot be decoded${where}. The file may be damaged.`);
    }
    samples.push(sample);
    context.progress(0.3 + (0.7 * samples.length) / places.length);
  }
  return samples;
}

type Findings = {
  endS: number;
  lastS: number;
  samples: readonly Sample[];
  crop?: Crop | null;
  jumps?: readonly Jump[];
};

export function describeMaster(
  spec: Pick<InspectSpec, 'bytes'>,
  probed: Probed,
  video: ProbedStream,
  findings: Findings,
): Inspection {
  const { samples, endS, lastS, jumps = [] } = findings;
  const notes: string[] = [];
  const looksInterlaced = isInterlaced(video.field_order, samples);
  const pulldown = pulldownOf(samples);
  const chosen = chooseRate({
    base: parseRate(video.r_frame_rate),
    average: parseRate(video.avg_frame_rate),
    samples: samples.map((sample) => sample.timesS),
    interlaced: looksInterlaced,
  });
  const { variable } = chosen;
  const interlaced = looksInterlaced && !chosen.softPulldown;
  const fps = perSecond(chosen.rate);
  const firstField = !variable && fps > 29.9 && fps < 30.1 ? pulldown : undefined;
  // Of five frames four are the film's.
  const film = fps < 29.99 ? { num: 24_000, den: 1001 } : { num: 24, den: 1 };
  const rate = firstField ? film : chosen.rate;
  const startS = samples[0]?.timesS[0] ?? numberOf(video.start_time) ?? 0;
  const durationS = lengthOnGrid(rate, startS, lastS, endS);
  if (durationS > LENGTH_S_MAX) {
    throw new Refusal('too_long', `The film is ${clockText(durationS)} long; at most 12 hours are possible.`);
  }
  addNotes(notes, probed, video, { rate, variable, interlaced, samples });
  notes.push(...clockNotes(probed, jumps, startS, clockText));
  if (chosen.softPulldown) notes.push(`frames that flags ask to be shown longer (3:2 pulldown) are not`);
  if (firstField) notes.push('3:2 pulldown is undone');
  const crop = findings.crop ?? null;
  if (crop) notes.push(`black bars are cut off: ${crop.width} x ${crop.height} remain`);
  const audio = describeAudio(probed.streams, notes);
  return {
    container: probed.format.format_name,
    durationS,
    startS,
    bitsPerS: Math.round(numberOf(probed.format.bit_rate) ?? (spec.bytes * 8) / durationS),
    video: {
      index: video.index,
      codec: video.codec_name ?? 'unknown',
      ...shownSize(crop ? { ...video, width: crop.width, height: crop.height } : video),
      rotation: Math.round(rotationOf(video)),
      frameRate: rate,
      variableFrameRate: variable,
      interlaced,
      pixelFormat: video.pix_fmt ?? 'unknown',
      bitDepth: bitDepthOf(video.pix_fmt),
      colour: colourOf(video),
      fullRange: isFullRange(video),
      cadence:
        firstField || chosen.softPulldown
          ? 'telecine'
          : variable
            ? 'variable'
            : interlaced
              ? 'interlaced'
              : 'constant',
      crop,
      ...(firstField ? { firstField } : {}),
      ...colourNames(video),
      ...masteringOf(samples),
    },
    audio,
    text: [
      ...describeText(probed.streams, notes),
      ...describeCaptions(
        video,
        samples.some(({ captions }) => captions === true),
        audio,
      ),
    ],
    chapters: chaptersOf(probed, startS, durationS),
    notes,
  };
}

/** A last picture is shown for one frame unless the container says that it stands at least this much longer. */
const STANDS_S_MIN = 0.5;

/**
 * Length of the film in whole frames of its constant rate: up to the slot of the last picture, and on for as long
 * as that picture is shown where it stands for a while (the last slide of a talk). Shorter claims are not believed:
 * Matroska writers give last packets odd durations.
 */
export function lengthOnGrid(rate: Rate, startS: number, lastS: number, endS: number): number {
  const fps = perSecond(rate);
  // A quarter slot is taken off, so that the last of 120 frames a second, half a slot late at 60, opens no new one.
  const slots = Math.max(1, Math.round((lastS - startS) * fps - 0.25) + 1);
  const claimed = Math.round((endS - startS) * fps);
  const frames = claimed - slots >= STANDS_S_MIN * fps ? claimed : slots;
  return (frames * rate.den) / rate.num;
}

type Traits = { rate: Rate; variable: boolean; interlaced: boolean; samples: readonly Sample[] };

function addNotes(notes: string[], probed: Probed, video: ProbedStream, traits: Traits): void {
  const fps = Number(perSecond(traits.rate).toFixed(3));
  if (traits.variable) notes.push(`variable frame rate brought to ${fps} frames a second`);
  if (traits.interlaced) notes.push('interlaced pictures are deinterlaced');
  const base = parseRate(video.r_frame_rate);
  // A clock that jumps makes the container state thousands.
  const isHigh = base !== undefined && perSecond(base) > 60.1 && perSecond(base) < 20 * fps;
  if (!traits.variable && isHigh && fps > 30) notes.push(`frame rate lowered to ${fps}`);
  if (rotationOf(video) !== 0) notes.push(`pictures are turned by ${Math.round(rotationOf(video))} degrees`);
  if (colourOf(video) !== 'sdr') notes.push('high dynamic range is mapped to standard');
  if (bitDepthOf(video.pix_fmt) > 8)
    notes.push(`${bitDepthOf(video.pix_fmt)}-bit pictures are brought to 8 bits`);
  const others = probed.streams.filter((stream) => isMovingPicture(stream) && stream.index !== video.index);
  if (others.length > 0) notes.push(`${others.length} further picture streams are left out`);
  if (traits.samples.some((sample) => hasPictureErrors(sample, probed)))
    notes.push('some pictures are damaged');
}

/** Opening a file decodes a little of its sound, whose errors say nothing of the pictures. */
function hasPictureErrors({ errors, errorCount }: Sample, { streams }: Probed): boolean {
  const sound = streams
    .filter(({ codec_type: type }) => type === 'audio')
    .map(({ codec_name: name }) => name);
  const lines = errors.split('\n').filter((line) => line !== '');
  return errorCount > 0 && !lines.every((line) => sound.some((name) => line.startsWith(`[${name} @`)));
}

function masteringOf(samples: readonly Sample[]) {
  const mastering = samples.find((sample) => sample.mastering.display ?? sample.mastering.light)?.mastering;
  return mastering ? { mastering } : {};
}

/** `1:02:03` or `2:03`, for people. */
export function clockText(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
