/**
 * Decodes samples of a master's sound tracks, to see whether they can be decoded at all and how loud they are. A track
 * that gives nothing is left out of the title, so that no encode of it fails hours later. The whole of a track is
 * measured when it is encoded (`encode-audio.ts`): a film of six hours would take minutes here.
 */
import type { Inspection, Loudness } from '../../contracts/tasks.ts';
import { ffmpeg, isNetworkFault, masterOptions } from './ffmpeg.ts';
import { METER, readLoudness } from './measure-loudness.ts';
import { numberOf, type Probed, scanPackets } from './probe.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

type AudioStream = Inspection['audio'][number];

const SAMPLE_S = 6;
/** Below this share of what the packets stand for, a track is noise with holes rather than sound. */
const DECODED_MIN = 0.1;
/** Below this share a note says that the track is damaged. */
const WHOLE_MIN = 0.9;
const TIME_LIMIT_MS = 300_000;

/** The tracks that can be decoded, with the loudness of their samples; the others leave a note. */
export async function decodableSound(
  context: TaskContext,
  master: string,
  probed: Probed,
  found: { audio: readonly AudioStream[]; startS: number; endS: number; notes: string[] },
): Promise<AudioStream[]> {
  if (found.audio.length === 0) return [];
  const fileStartS = numberOf(probed.format.start_time) ?? 0;
  const heard = new Map<number, Heard>();
  for (const atS of placesOf(found.startS, found.endS)) {
    const place = { fileStartS, atS, lengthS: Math.min(SAMPLE_S, found.endS - atS) };
    const together = await listen(context, master, found.audio, place);
    for (const stream of found.audio) {
      const alone = () => listen(context, master, [stream], place);
      // One track that stops the program must not cost the others theirs.
      const given = together.get(stream.index) ?? (await alone()).get(stream.index) ?? NOTHING;
      const before = heard.get(stream.index) ?? { ...NOTHING, missingS: 0 };
      heard.set(stream.index, {
        decodedS: before.decodedS + given.decodedS,
        missingS: before.missingS + (await missingS(context, master, stream, place, given.decodedS)),
        parts: [...before.parts, ...given.parts],
      });
    }
  }
  return found.audio.flatMap((stream) => judge(stream, heard.get(stream.index), found.notes));
}

type Given = { decodedS: number; parts: Part[] };
type Heard = Given & { missingS: number };
type Part = { seconds: number; loudness: Loudness };
type Place = { fileStartS: number; atS: number; lengthS: number };
const NOTHING: Given = { decodedS: 0, parts: [] };

/** Start, middle and end on the master's time line, or the start alone of what is hardly longer than a sample. */
function placesOf(startS: number, endS: number): number[] {
  if (endS - startS < 3 * SAMPLE_S) return [startS];
  return [startS, (startS + endS) / 2, endS - SAMPLE_S - 1];
}

/** What the tracks give from one place on; those that give nothing are missing in the map. */
async function listen(
  context: TaskContext,
  master: string,
  streams: readonly AudioStream[],
  { fileStartS, atS }: Place,
): Promise<Map<number, Given>> {
  const lines = new Map<number, string[]>();
  let current: string[] | undefined;
  const seekS = atS - fileStartS;
  const end = await ffmpeg(context, {
    args: [
      ...masterOptions(master),
      ...(seekS > 0.5 ? ['-ss', seekS.toFixed(3)] : []),
      ...['-t', String(SAMPLE_S), '-threads', String(context.threads), '-i', master, '-max_error_rate', '1'],
      ...streams.flatMap(({ index }) => ['-map', `0:${index}`, '-af', meters(index), '-f', 'null', '-']),
    ],
    timeLimitMs: TIME_LIMIT_MS,
    onInfo: (line) => {
      const tagged = /^\[(?:astats|ebur128)@s(\d+) /.exec(line);
      if (tagged) {
        const index = Number(tagged[1]);
        current = lines.get(index) ?? [];
        lines.set(index, current);
      } else if (line.startsWith('[')) current = undefined;
      current?.push(line);
    },
  });
  if (isNetworkFault(end.errors)) {
    throw new TaskFailure('input_unreachable', 'the master could not be read over the network', {
      retry: true,
      programLog: end.errors,
    });
  }
  return new Map(
    streams.flatMap((stream) => {
      const heard = readMeters(lines.get(stream.index) ?? []);
      return heard ? [[stream.index, heard] as const] : [];
    }),
  );
}

/** What the packets of a place stand for and the decoder did not give. A track may begin later or pause, too. */
async function missingS(
  context: TaskContext,
  master: string,
  stream: AudioStream,
  { atS, lengthS }: Place,
  decodedS: number,
): Promise<number> {
  if (decodedS >= WHOLE_MIN * lengthS) return 0;
  const { spans } = await scanPackets(context, master, {
    select: String(stream.index),
    interval: `${atS.toFixed(3)}%+${SAMPLE_S}`,
    timeLimitMs: TIME_LIMIT_MS,
  });
  const span = spans.get(stream.index);
  return span ? Math.max(0, Math.min(SAMPLE_S, Math.max(0.1, span.toS - span.fromS)) - decodedS) : 0;
}

/** `astats` counts the samples, at a known rate; both tell their findings at the end, under the name of the track. */
function meters(index: number): string {
  return [
    'aresample=48000',
    `astats@s${index}=measure_perchannel=none:measure_overall=Number_of_samples`,
    METER.replace('=', `@s${index}=`),
  ].join(',');
}

function readMeters(lines: readonly string[]): Given | undefined {
  const text = lines.join('\n');
  const decodedS = Number(/Number of samples: *(\d+)/.exec(text)?.[1] ?? 0) / 48_000;
  if (decodedS === 0) return undefined;
  const loudness = readLoudness(text);
  return { decodedS, parts: loudness ? [{ seconds: decodedS, loudness }] : [] };
}

function judge(stream: AudioStream, heard: Heard | undefined, notes: string[]): AudioStream[] {
  if (!heard || heard.decodedS + heard.missingS === 0) return [stream];
  const part = heard.decodedS / (heard.decodedS + heard.missingS);
  if (part < DECODED_MIN) {
    notes.push(`sound track ${stream.index} (${stream.codec}) cannot be decoded and is left out`);
    return [];
  }
  if (part < WHOLE_MIN) notes.push(`sound track ${stream.index} (${stream.codec}) is damaged in places`);
  return [{ ...stream, loudness: loudnessOfAll(heard.parts) }];
}

/** Of several samples: the mean of their energies, the widest range and the highest peak. Null when all are silent. */
export function loudnessOfAll(parts: readonly Part[]): Loudness | null {
  if (parts.length === 0) return null;
  const energy = (part: Part) => part.seconds * 10 ** (part.loudness.integratedLufs / 10);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const mean = 10 * Math.log10(parts.reduce((sum, part) => sum + energy(part), 0) / seconds);
  return {
    integratedLufs: Math.round(mean * 10) / 10,
    rangeLu: Math.max(...parts.map(({ loudness }) => loudness.rangeLu)),
    truePeakDb: Math.max(...parts.map(({ loudness }) => loudness.truePeakDb)),
  };
}
