/** Stores a text track: one WebVTT file, and the same cues as a CMAF track of IMSC documents. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentRates } from '../../contracts/segment-rates.ts';
import type { PackagedTrack, StoredFile } from '../../contracts/tasks.ts';
import type { Cue } from './captions/cues.ts';
import { IMSC_CODECS, imscDocument } from './captions/imsc.ts';
import { TEXT_TIMESCALE, textInit, textSegment } from './captions/text-boxes.ts';
import { writeWebVtt } from './captions/web-vtt.ts';
import type { TaskContext } from './task-context.ts';

const FILE = 'text.vtt';
const INIT = 'imsc-init.mp4';
/** Long, since a minute of captions is a kilobyte or two. */
const SEGMENT_S = 60;

export type TextTrack = { file: string; cues: number; imsc: PackagedTrack; files: StoredFile[] };

export async function storeText(
  context: TaskContext,
  cues: readonly Cue[],
  { durationS, language }: { durationS: number; language: string },
): Promise<TextTrack> {
  const parts: Array<{ name: string; bytes: string | Buffer }> = [
    { name: FILE, bytes: writeWebVtt(cues) },
    { name: INIT, bytes: textInit() },
  ];
  const end = Math.round(durationS * TEXT_TIMESCALE);
  const segments: PackagedTrack['segments'] = [];
  for (let from = 0; from < end; from += SEGMENT_S * TEXT_TIMESCALE) {
    const ticks = Math.min(SEGMENT_S * TEXT_TIMESCALE, end - from);
    const number = segments.length + 1;
    const document = imscDocument(cues, language, from, from + ticks);
    const bytes = textSegment(number, from, ticks, document);
    const name = `imsc-${String(number).padStart(5, '0')}.m4s`;
    parts.push({ name, bytes });
    segments.push({ name, ticks, bytes: bytes.length });
  }
  const outputs = parts.map(({ name }) => ({ name, path: join(context.folder, name) }));
  for (const [at, { bytes }] of parts.entries()) await writeFile(outputs[at]?.path ?? '', bytes);
  const files = await context.outputs.put(outputs);
  const imsc: PackagedTrack = {
    ...{ media: 'text', codecs: IMSC_CODECS, timescale: TEXT_TIMESCALE, init: INIT, startTicks: 0, segments },
    ...segmentRates(segments, TEXT_TIMESCALE),
  };
  return { file: FILE, cues: cues.length, imsc, files };
}
