/**
 * The encode benchmark: a ladder chosen for each clip beside Apple's fixed one by the same encoder, and the whole
 * pipeline beside plain ffmpeg commands. What each row means is in docs/performance.md.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eachBounded } from '../../src/services/encoder/each-bounded.ts';
import { openFakeStudio } from '../../src/services/encoder/fake-studio.ts';
import { type BenchOptions, type BenchResult, type BenchRow, missingRow, row } from '../rows.ts';
import { encodeApple, type MadeRung, type Source } from './apple.ts';
import { bdRate, qualityAt, type RatePoint } from './bjontegaard.ts';
import { CLIPS, type Clip, clipFile } from './clips.ts';
import { encodeOurs } from './ours.ts';
import { measurePipeline } from './pipeline.ts';
import { findJudge, type Judge, judge, runFfmpeg } from './programs.ts';

export const ENCODE_WORKS = [...CLIPS.map(({ id }) => id), 'pipeline'];

const CLIP_S = 8;
const CLIP_S_QUICK = 3;
const QUICK: readonly string[] = ['football', 'graphics'];
const PIPELINE_FILE = 'sintel-montage-1080p-multitrack.mkv';
const PIPELINE_S = 72;
const PIPELINE_S_QUICK = 24;
const LINES_MAX = 1080;
const PRESET = 'veryfast';
const AT_ONCE = 2;
/** Qualities that differ by less are equal: half a point of VMAF, a twentieth of a decibel. */
const EQUAL = { vmaf: 0.5, ssim: 0.05 };

/** Better than this nobody sees: where our ladders end. SSIM has no such point. */
const ENOUGH = { vmaf: 95, ssim: Number.POSITIVE_INFINITY };

type Outcome = {
  clip: Clip;
  bd: number;
  oursBytes: number;
  appleBytes: number;
  matched: number;
  rungs: number;
  analysisCpuS: number;
  encodeCpuS: number;
  note: string;
};

export async function runEncode(
  { quick, only }: BenchOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchResult> {
  const wanted = (id: string) =>
    only.length > 0 ? only.includes(id) : !quick || QUICK.includes(id) || id === 'pipeline';
  const folder = await mkdtemp(join(tmpdir(), 'bench-encode-'));
  const rows: BenchRow[] = [];
  const outcomes: Outcome[] = [];
  try {
    const judging = await findJudge();
    for (const clip of CLIPS.filter(({ id }) => wanted(id))) {
      signal.throwIfAborted();
      const file = clipFile(clip);
      if (typeof file !== 'string') {
        rows.push(missingRow(`${clip.id}: BD-rate, %`, '<= 2', 'ours', file.missing));
        continue;
      }
      say(`encoding ${clip.id}`);
      outcomes.push(await compare(clip, file, join(folder, clip.id), quick ? CLIP_S_QUICK : CLIP_S, judging));
    }
    rows.push(...clipRows(outcomes, judging), ...sumRows(outcomes));
    if (wanted('pipeline')) rows.push(...(await pipelineRows(folder, quick, say)));
    const notes = [
      `quality by ${judging.metric.toUpperCase()}, first of each pair ours`,
      ...outcomes.map(({ note }) => note),
    ];
    return { rows, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  clip: Clip,
  file: string,
  folder: string,
  seconds: number,
  judging: Judge,
): Promise<Outcome> {
  await mkdir(folder);
  const source = await cut(file, clip.fromS, seconds, folder);
  await using studio = await openFakeStudio();
  const stop = await studio.startWorker();
  const ours = await encodeOurs(studio, source.file, folder);
  await stop();
  const apple = await encodeApple(source, folder, PRESET);
  // The lowest rung is there to be played first and was not chosen; its bytes count, its curve does not.
  const chosen = ours.rungs.length > 1 ? ours.rungs.slice(1) : ours.rungs;
  const [our, fixed] = [await measure(judging, chosen, source), await measure(judging, apple, source)];
  const sum = (rungs: readonly MadeRung[]) => rungs.reduce((bytes, rung) => bytes + rung.bytes, 0);
  const equal = EQUAL[judging.metric];
  const enough = ENOUGH[judging.metric];
  return {
    clip,
    bd: bdRate(fixed, our),
    oursBytes: sum(ours.rungs),
    appleBytes: sum(apple),
    matched: fixed.filter(
      ({ bitsPerS, quality }) => qualityAt(our, bitsPerS) >= Math.min(quality, enough) - equal,
    ).length,
    rungs: fixed.length,
    ...{ analysisCpuS: ours.analysisCpuS, encodeCpuS: ours.encodeCpuS },
    note: `${clip.id}: ours ${textOf(chosen, our)}; fixed ${textOf(apple, fixed)}`,
  };
}

/**
 * A part of a clip without loss, so that both ladders start from the same pictures, at most 1080 lines high. All are said
 * to be BT.709: ours would else bring older colours to it, and be judged by another luma than the plain commands.
 */
async function cut(file: string, fromS: number, seconds: number, folder: string): Promise<Source> {
  const made = join(folder, 'master.mkv');
  const size = `scale=w='min(iw,${Math.round((LINES_MAX * 16) / 9)})':h=-2:flags=lanczos,setsar=1,format=yuv420p`;
  const colours = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';
  const { said } = await runFfmpeg('ffmpeg', [
    ...[
      '-ss',
      String(fromS),
      '-t',
      String(seconds),
      '-i',
      file,
      '-an',
      '-sn',
      '-dn',
      '-vf',
      `${size},${colours}`,
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-g', '30', made],
  ]);
  const output = said.slice(said.indexOf('Output #0'));
  const [, width, height, fps] = /Video: .* (\d+)x(\d+).*?, ([\d.]+) fps/.exec(output) ?? [];
  const frames = Number([...said.matchAll(/frame= *(\d+)/g)].at(-1)?.[1] ?? 0);
  const frameRate = Number.isInteger(Number(fps)) ? { num: Number(fps), den: 1 } : { num: 30_000, den: 1001 };
  const durationS = (frames * frameRate.den) / frameRate.num;
  return { file: made, width: Number(width), height: Number(height), frameRate, durationS };
}

async function measure(judging: Judge, rungs: readonly MadeRung[], source: Source): Promise<RatePoint[]> {
  const points: RatePoint[] = [];
  await eachBounded(rungs, AT_ONCE, async ({ file, bitsPerS }, at) => {
    points[at] = { bitsPerS, quality: await judge(judging, file, source) };
  });
  return points;
}

function clipRows(outcomes: readonly Outcome[], { metric }: Judge): BenchRow[] {
  return outcomes.map(({ clip, bd, oursBytes, appleBytes }) =>
    row(`${clip.id}: BD-rate by ${metric.toUpperCase()}, %`, '<= 2', {
      ours: `${Math.round(oursBytes / 1000)} kB`,
      peer: `Apple's ${Math.round(appleBytes / 1000)} kB`,
      value: bd,
    }),
  );
}

function sumRows(outcomes: readonly Outcome[]): BenchRow[] {
  if (outcomes.length === 0) return [];
  const sum = (what: (one: Outcome) => number) => outcomes.reduce((total, one) => total + what(one), 0);
  const [ours, apple] = [sum((one) => one.oursBytes), sum((one) => one.appleBytes)];
  const [analysis, encode] = [sum((one) => one.analysisCpuS), sum((one) => one.encodeCpuS)];
  const [matched, rungs] = [sum((one) => one.matched), sum((one) => one.rungs)];
  return [
    row('mean BD-rate of all clips, %', '<= -25', {
      ours: null,
      peer: null,
      value: sum(({ bd }) => bd) / outcomes.length,
    }),
    row('bytes of our ladders beside the fixed one', '<= 0.6 x', {
      ...{
        ours: `${Math.round(ours / 1000)} kB`,
        peer: `${Math.round(apple / 1000)} kB`,
        value: ours / apple,
      },
    }),
    row('fixed rungs that ours equals or betters at their rate', `= 1 of all`, {
      ...{ ours: matched, peer: rungs, value: matched / rungs },
    }),
    row("analysis beside the encodes' processor time", '<= 0.25 x', {
      ...{
        ours: `${analysis.toFixed(1)} s`,
        peer: `encodes ${encode.toFixed(1)} s`,
        value: analysis / encode,
      },
    }),
  ];
}

async function pipelineRows(
  folder: string,
  quick: boolean,
  say: (text: string) => void,
): Promise<BenchRow[]> {
  const montage = CLIPS.find(({ file }) => file === PIPELINE_FILE) as Clip;
  const file = clipFile(montage);
  if (typeof file !== 'string') return [missingRow('whole pipeline', '<= 1.1', 'ours', file.missing)];
  say('the whole pipeline');
  const own = join(folder, 'pipeline');
  await mkdir(own);
  const master = join(own, 'master.mkv');
  const length = String(quick ? PIPELINE_S_QUICK : PIPELINE_S);
  await runFfmpeg('ffmpeg', ['-i', file, '-t', length, '-map', '0:v', '-map', '0:a:0', '-c', 'copy', master]);
  return measurePipeline(master, own);
}

function textOf(rungs: readonly MadeRung[], points: readonly RatePoint[]): string {
  return points
    .map(
      ({ bitsPerS, quality }, at) =>
        `${rungs[at]?.height}:${Math.round(bitsPerS / 1000)}k=${quality.toFixed(1)}`,
    )
    .join(' ');
}
