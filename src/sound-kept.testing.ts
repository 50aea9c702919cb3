/**
 * For tests only: whether the sound that a player decodes is the master's, sample for sample on one time line. A lossy
 * codec changes samples, but a packet that is lost, repeated or late makes everything behind it another sound.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SOUND_RATE = 48_000;
/** A tenth of a second: short enough that one packet of 1024 samples in it shows. */
const BLOCK = 4800;
/** A millisecond to either side. */
const LAG_MAX = 48;
/** Of so many blocks one is compared: what is wrong in one stays wrong in all that follow. */
const EVERY = 4;

export async function assertSoundKept(masterFile: string, stream: string, playlist: string): Promise<void> {
  const master = await decodeSound(masterFile, stream);
  const made = await decodeSound(playlist, 'a:0', ['-copyts']);
  const moments = compareSound(master, made);
  assert.ok(Math.abs(moments.length * EVERY * BLOCK - master.length) <= EVERY * BLOCK);
  for (const { atS, lag, alike } of moments)
    assert.ok(lag === 0 && alike > 0.9, `${playlist} at ${atS} s: ${lag} samples, ${alike}`);
  // One packet less, as at a seam that is not one, would be seen.
  const middle = Math.round(made.length / 2);
  const lost = new Float32Array([...made.subarray(0, middle), ...made.subarray(middle + 1024)]);
  assert.ok(compareSound(master, lost).some(({ alike }) => alike < 0.8));
}

/** From the film's start on, mixed to one channel. `options` stand before the input. */
async function decodeSound(url: string, stream: string, options: string[] = []): Promise<Float32Array> {
  const input = ['-nostdin', '-v', 'error', ...options, '-i', url, '-map', `0:${stream}`];
  const form = ['-af', 'atrim=start=0', '-ac', '1', '-ar', String(SOUND_RATE), '-f', 'f32le', '-'];
  const limits = { timeout: 60_000, maxBuffer: 256 * 1024 * 1024, encoding: 'buffer' as const };
  const { stdout } = await run('ffmpeg', [...input, ...form], limits);
  return new Float32Array(new Uint8Array(stdout).buffer);
}

/** How many samples later than the master the sound is at moments of it, and how alike both are there, at most 1. */
function compareSound(
  master: Float32Array,
  made: Float32Array,
): Array<{ atS: number; lag: number; alike: number }> {
  const blocks = Math.floor(Math.min(master.length, made.length) / BLOCK / EVERY);
  return Array.from({ length: blocks }, (_, at) => {
    const from = at * EVERY * BLOCK;
    let best = { atS: from / SOUND_RATE, lag: 0, alike: 0 };
    for (let lag = -LAG_MAX; lag <= LAG_MAX; lag++) {
      const alike = likeness(master, made, from, lag);
      if (alike > best.alike) best = { ...best, lag, alike };
    }
    return best;
  });
}

/** Normalised correlation of one block with the other sound `lag` samples later. */
function likeness(a: Float32Array, b: Float32Array, from: number, lag: number): number {
  let [both, ofA, ofB] = [0, 0, 0];
  for (let i = from; i < from + BLOCK; i++) {
    const x = a[i] ?? 0;
    const y = b[i + lag] ?? 0;
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}
