/**
 * The fleet benchmark: how much faster many workers are than one, in simulated time over the studio's real plans and
 * order of work, with durations measured here; and on this machine, two real workers beside one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { presetOf, readPresets } from '../../src/services/studio/presets.ts';
import { type Clip, clipFile } from '../encode/clips.ts';
import { GRID } from '../encode/ours.ts';
import { throughWorkers } from '../encode/pipeline.ts';
import { runFfmpeg } from '../encode/programs.ts';
import { type BenchOptions, type BenchResult, type BenchRow, median, missingRow, row } from '../rows.ts';
import { batchOf, filmOf } from './films.ts';
import { measureFactors } from './measure.ts';
import { type Factors, modelOf } from './model.ts';
import { type Film, type Outcome, simulate } from './simulate.ts';

export const FLEET_WORKS = ['film', 'batch', 'two'];

const WORKERS = [2, 8, 32, 100, 200];
const UNBOUNDED = 1_000_000;
const FILM_S = 2 * 3600;
const BATCH = 60;
const BATCH_QUICK = 10;
const CLIP: Clip = { id: 'cartoon', file: 'bbb-720p-90s.mp4', fromS: 20 };
const CLIP_S = 10;
/** Two real workers share this: five chunks a rendition. */
const REAL_S = 60;
const REAL_ROUNDS = 3;
/** Inspections decode samples, so they take about the same whatever the length. */
const INSPECT_MS = 8000;

export async function runFleet(
  { quick, only }: BenchOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchResult> {
  const wanted = (id: string) => only.length === 0 || only.includes(id);
  const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-'));
  try {
    const file = clipFile(CLIP);
    const missing = typeof file === 'string' ? undefined : file.missing;
    const cut = (seconds: number) => cutClip(file as string, join(folder, `${seconds}.mp4`), seconds);
    if (missing === undefined) say('measuring what tasks take');
    const factors = missing === undefined ? await measureFactors(await cut(CLIP_S)) : {};
    const rows: BenchRow[] = [];
    const notes = [factorNote(factors, missing)];
    for (const [id, what, films] of [
      ['film', 'a film of 2 h', [filmOf(FILM_S)]],
      ['batch', `${quick ? BATCH_QUICK : BATCH} films at once`, batchOf(quick ? BATCH_QUICK : BATCH)],
    ] as const) {
      if (!wanted(id)) continue;
      signal.throwIfAborted();
      say(`simulating ${what}`);
      const { found, note } = simulated(what, films, factors);
      rows.push(...found);
      notes.push(note);
    }
    if (wanted('two'))
      rows.push(await realRow(missing, () => cut(quick ? CLIP_S : REAL_S), quick, say, signal));
    return { rows, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function simulated(what: string, films: readonly Film[], factors: Factors) {
  const preset = presetOf(readPresets(), 'per-title');
  if (preset.kind !== 'per-title') throw new Error('the preset is another');
  const model = modelOf(factors, INSPECT_MS);
  const run = (workers: number) => simulate({ films, workers, model, grid: GRID, preset });
  const longest = run(UNBOUNDED);
  const found = WORKERS.map((workers) => {
    const outcome = run(workers);
    const { speedUp, most, share } = judge(outcome, longest, workers);
    return row(`${what}, ${workers} workers: part of the speed-up there can be`, '>= 0.8', {
      ours: `${speedUp.toFixed(1)} x, ${Math.round(outcome.wallMs / 1000)} s`,
      peer: most < workers ? `longest path allows ${most.toFixed(1)} x` : `linear is ${workers} x`,
      value: share,
    });
  });
  const path = longest.path.map(({ name, ms }) => `${name} ${Math.round(ms / 1000)} s`).join(', ');
  const note = `${what}: ${longest.tasks} tasks, ${Math.round(longest.workMs / 1000)} s of work; longest path: ${path}`;
  return { found, note };
}

/** No fleet is faster than its workers together, nor than the longest row of tasks that wait for each other. */
export function judge(outcome: Outcome, longest: Outcome, workers: number) {
  const speedUp = outcome.workMs / outcome.wallMs;
  const most = Math.min(workers, longest.workMs / longest.wallMs);
  return { speedUp, most, share: speedUp / most };
}

async function realRow(
  missing: string | undefined,
  cut: () => Promise<string>,
  quick: boolean,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchRow> {
  const what = 'two real workers on this machine beside one: part of twice the speed';
  if (missing !== undefined) return missingRow(what, '>= 0.8', 'ours', missing);
  const file = await cut();
  const shares: number[] = [];
  for (let round = 0; round < (quick ? 1 : REAL_ROUNDS); round++) {
    signal.throwIfAborted();
    say(`two real workers beside one, round ${round + 1}`);
    const two = await throughWorkers(file, 2);
    const one = await throughWorkers(file, 1);
    shares.push(one.wallS / two.wallS / 2);
  }
  const value = median(shares);
  return row(what, '>= 0.8', { ours: `${(2 * value).toFixed(2)} x`, peer: 'linear is 2 x', value });
}

async function cutClip(from: string, to: string, seconds: number): Promise<string> {
  const { fromS } = CLIP;
  await runFfmpeg('ffmpeg', ['-ss', String(fromS), '-i', from, '-t', String(seconds), '-c', 'copy', to]);
  return to;
}

function factorNote(factors: Factors, missing: string | undefined): string {
  if (missing !== undefined) return `durations are the planner's own guesses: ${missing}`;
  const told = Object.entries(factors).map(([kind, factor]) => `${kind} ${factor.toFixed(2)}`);
  return `measured beside the planner's cost: ${told.join(', ')}; other kinds as the planner has them`;
}
