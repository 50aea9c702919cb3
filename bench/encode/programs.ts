/** Runs ffmpeg for the benchmark, and finds one that measures VMAF. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const TIME_LIMIT_MS = 30 * 60_000;

export type FfmpegEnd = { cpuS: number; said: string };

/** Rejects with the last of what the program said. */
export async function runFfmpeg(program: string, args: readonly string[]): Promise<FfmpegEnd> {
  const options = { maxBuffer: OUTPUT_BYTES_MAX, timeout: TIME_LIMIT_MS };
  const all = ['-hide_banner', '-nostdin', '-y', '-nostats', '-benchmark', '-v', 'info', ...args];
  const { stderr } = await run(program, all, options).catch((error: { stderr?: string }) => {
    throw new Error(`${program} failed: ${(error.stderr ?? '').slice(-500)}`);
  });
  const [, user = '0', system = '0'] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  return { cpuS: Number(user) + Number(system), said: stderr };
}

export type Judge = { readonly program: string; readonly metric: 'vmaf' | 'ssim' };

/** `MATINEE_VMAF_FFMPEG`, the ffmpeg on the path, or that of the Python package imageio-ffmpeg. */
export async function findJudge(): Promise<Judge> {
  const python = ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'];
  const packaged = await run('python3', python).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  for (const program of [process.env.MATINEE_VMAF_FFMPEG, 'ffmpeg', packaged]) {
    if (!program) continue;
    const filters = await run(program, ['-hide_banner', '-filters']).catch(() => ({ stdout: '' }));
    if (/ libvmaf /.test(filters.stdout)) return { program, metric: 'vmaf' };
  }
  return { program: 'ffmpeg', metric: 'ssim' };
}

/** Of an encode beside its source, scaled up to it. VMAF, or SSIM of the luma in dB. */
export async function judge(
  { program, metric }: Judge,
  encode: string,
  source: { file: string; width: number; height: number; frameRate: { num: number; den: number } },
): Promise<number> {
  const { num, den } = source.frameRate;
  const filter = metric === 'vmaf' ? 'libvmaf=n_subsample=5:n_threads=1' : 'ssim';
  const counted = `settb=${den}/${num},setpts=N`;
  const graph = `[0:v]${counted},scale=w=${source.width}:h=${source.height}:flags=bicubic[a];[1:v]${counted}[b];[a][b]${filter}`;
  const { said } = await runFfmpeg(program, [
    ...['-threads', '1', '-i', encode, '-threads', '1', '-i', source.file],
    ...['-lavfi', graph, '-f', 'null', '-'],
  ]);
  const vmaf = /VMAF score: ([\d.]+)/.exec(said)?.[1];
  const ssim = /SSIM Y:([\d.]+)/.exec(said)?.[1];
  if (metric === 'vmaf' && vmaf) return Number(vmaf);
  if (metric === 'ssim' && ssim) return -10 * Math.log10(Math.max(1e-6, 1 - Number(ssim)));
  throw new Error(`${program} told no quality: ${said.slice(-300)}`);
}
