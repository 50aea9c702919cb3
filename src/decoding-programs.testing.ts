/**
 * For tests only: ffmpeg and mpv decode every track of a packaged film through its manifests, each by itself, since
 * ffmpeg's DASH reader ends with the stream that ends first. What they say at the level of warnings comes back too.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Decoded = {
  /** When each picture or piece of sound is shown, in ticks of `secondTicks`. */
  shownAt: number[];
  ticks: number;
  secondTicks: number;
  complaints: string;
};

/** `stream` as ffmpeg counts them: `v:0`, `a:1`. */
export async function decodeWithFfmpeg(url: string, stream: string): Promise<Decoded> {
  const args = ['-nostdin', '-v', 'warning', '-copyts', '-i', url, '-map', `0:${stream}`];
  // Only what the decoder gives: no picture is added or left out to fit a rate.
  const asItIs = ['-fps_mode', 'passthrough', '-f', 'framecrc', '-'];
  const { stdout, stderr } = await run('ffmpeg', [...args, ...asItIs], { timeout: 120_000 });
  return { ...readFrames(stdout), complaints: ofTheFilm(stderr) };
}

/** Everything that mpv would show or sound, written down instead. One kind at a time: it has no clock to hold both to. */
export async function decodeWithMpv(
  url: string,
  track: { video: number } | { audio: number },
  file: string,
): Promise<Decoded> {
  const chosen =
    'video' in track ? [`--vid=${track.video}`, '--aid=no'] : ['--vid=no', `--aid=${track.audio}`];
  const written = [`--o=${file}`, '--of=framecrc', '--ovc=rawvideo', '--oac=pcm_s16le'];
  const args = ['--no-config', '--msg-level=all=warn', ...chosen, ...written, url];
  const { stdout, stderr } = await run('mpv', args, { timeout: 120_000 });
  const frames = await readFile(file, 'utf8');
  await rm(file);
  return { ...readFrames(frames), complaints: ofTheFilm(stdout + stderr) };
}

export async function hasMpv(): Promise<boolean> {
  return run('mpv', ['--version']).then(
    () => true,
    () => false,
  );
}

/** Lines of the "framecrc" muxer: stream, decoding time, presentation time, duration, size, checksum. */
function readFrames(text: string): Omit<Decoded, 'complaints'> {
  const [, num = 0, den = 0] = /^#tb 0: (\d+)\/(\d+)$/m.exec(text)?.map(Number) ?? [];
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('0,'))
    .map((line) => line.split(',').map(Number));
  return {
    shownAt: rows.map((row) => row[2] ?? Number.NaN),
    ticks: rows.reduce((sum, row) => sum + (row[3] ?? Number.NaN), 0),
    secondTicks: den / num,
  };
}

/** ffmpeg's HLS reader knows no captions, and its DASH reader no IMSC; both say so, in mpv too. */
function ofTheFilm(said: string): string {
  return said
    .replaceAll(/^.*Can't support the subtitle\(uri: t\d+\.m3u8\)\n/gm, '')
    .replaceAll(/^Unsupported codec with id 0 for input stream \d+\n/gm, '');
}
