/**
 * A look at a master that takes a moment whatever its length: streams, the first pictures, the last packets. It is
 * what the first light is planned from, by the same reading as the thorough inspection, so that the two agree for
 * all but odd films. It refuses nothing: where it is not sure, the inspection decides alone.
 */
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { assertMasterUrl } from './ffmpeg.ts';
import { glanceGain } from './glance-loudness.ts';
import { describeMaster, needVideo, needWholeFile, Refusal } from './inspect.ts';
import { measureLength } from './inspect-length.ts';
import { decodeSample } from './inspect-samples.ts';
import { isMovingPicture } from './inspect-streams.ts';
import { numberOf, probe } from './probe.ts';
import type { TaskContext } from './task-context.ts';

export type GlanceSpec = Extract<TaskSpec, { kind: 'glance' }>;

/** As many as the inspection looks at in the beginning, so that the two agree on rate and fields. */
const FRAMES = 90;
/** ffmpeg's words for the first stream of moving pictures, which is nearly always the film. */
const FIRST_PICTURES = 'V:0';

export async function glance(context: TaskContext, spec: GlanceSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  try {
    return { kind: 'glance', outcome: await look(context, spec) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return unsure(error.message);
  }
}

type Outcome = Extract<TaskResult, { kind: 'glance' }>['outcome'];

async function look(context: TaskContext, spec: GlanceSpec): Promise<Outcome> {
  // The pictures are decoded while the streams are still being told: a viewer waits for both.
  const sampleOf = (index: number | string) =>
    decodeSample(context, spec.master, { index, atS: undefined, frames: FRAMES });
  const early = sampleOf(FIRST_PICTURES);
  early.catch(() => undefined);
  const { found } = spec.bytes === 0 ? {} : await probe(context, spec.master);
  if (!found) throw new Refusal('not_media', 'the streams cannot be read');
  const video = needVideo(found);
  // Where the container states no end, finding it would mean to read the whole file.
  if (numberOf(video.duration) === undefined && numberOf(found.format.duration) === undefined)
    throw new Refusal('unsupported', 'the container states no length');
  const isFirst = found.streams.find(isMovingPicture)?.index === video.index;
  const { loudnessLufs } = spec;
  const [sample, length, gainDb] = await Promise.all([
    isFirst ? early : sampleOf(video.index),
    measureLength(context, spec.master, found, video),
    loudnessLufs === undefined ? undefined : glanceGain(context, spec.master, found, loudnessLufs),
  ]);
  if (sample.timesS.length === 0) throw new Refusal('undecodable', 'the first pictures cannot be decoded');
  const endS = needWholeFile(length);
  const inspection = describeMaster(spec, found, video, { endS, lastS: length.lastS, samples: [sample] });
  const { pix_fmt: pixelFormat = 'unknown', color_space: colorSpace, width = 0, height = 0 } = video;
  const source = { container: found.format.format_name, pixelFormat, width, height };
  return {
    verdict: 'seen',
    inspection,
    source: colorSpace === undefined ? source : { ...source, colorSpace },
    ...(gainDb === undefined ? {} : { gainDb }),
  };
}

function unsure(reason: string): TaskResult {
  return { kind: 'glance', outcome: { verdict: 'unsure', reason } };
}
