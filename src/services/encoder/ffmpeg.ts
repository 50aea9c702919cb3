/**
 * How Matinee calls ffmpeg and ffprobe: the arguments that open a master safely, progress, processor time, and
 * the errors it logs. What to encode is decided elsewhere.
 */
import { runProgram } from './run-program.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

/**
 * Containers that a master may come in. A playlist, a script, a picture sequence or a session description is no
 * master: their demuxers open other files and hosts that the file names, which would let an uploader read ours.
 * The audio-only ones are here so that a song is refused as one.
 */
const MASTER_FORMATS = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'mpegts,mpeg,mxf,avi,flv,asf,ogg,nut,gxf,wtv,ivf',
  'mp3,wav,w64,flac,aac,ac3,eac3,aiff,caf',
].join(',');

/** Protocols that ffmpeg may use while it reads a master: those that the presigned URL itself needs. */
function masterProtocols(url: string): string {
  return url.startsWith('https:') ? 'https,tls,tcp' : 'http,tcp';
}

/** Input options of a master for both programs; the URL itself comes after them with `-i`. */
export function masterOptions(url: string): string[] {
  return [
    ...['-protocol_whitelist', masterProtocols(url), '-format_whitelist', MASTER_FORMATS],
    // Microseconds without a byte after which a read fails, and reconnects within one read.
    ...['-rw_timeout', '30000000', '-reconnect', '1', '-reconnect_delay_max', '4'],
  ];
}

/** Refuses anything but an HTTP(S) URL: a path or another protocol would reach this machine's files. */
export function assertMasterUrl(url: string): void {
  if (/^https?:\/\//.test(url)) return;
  throw new TaskFailure('internal', 'the master is not given as an HTTP URL', { retry: false });
}

export type FfmpegEnd = {
  status: number | null;
  /** User and system seconds of the process, or null when it was cut off before it told. */
  cpuS: number | null;
  /** Error lines, without URLs, bounded. */
  errors: string;
  /** How many error lines there were in all. */
  errorCount: number;
};

export type FfmpegRun = {
  args: readonly string[];
  timeLimitMs: number;
  cwd?: string;
  /** Called about twice a second. */
  onProgress?(at: { frame: number; timeS: number; fps: number }): void;
  /** Gets every informational line of standard error: what filters such as `showinfo` print. */
  onInfo?(line: string): void;
};

/**
 * Runs ffmpeg. `-benchmark` tells the processor time at log level info, hence the level with its tags: only lines
 * tagged as errors are kept, so that neither URLs nor the stream dump get into logs.
 */
export async function ffmpeg(context: TaskContext, run: FfmpegRun): Promise<FfmpegEnd> {
  let cpuS: number | null = null;
  let errorCount = 0;
  const parse = run.onProgress ? progressParser(run.onProgress) : () => {};
  const end = await runProgram({
    program: context.programs.ffmpeg,
    tether: context.programs.tether,
    niceness: context.niceness,
    memoryBytesMax: context.memoryBytesMax,
    args: [
      ...['-hide_banner', '-nostdin', '-y', '-nostats', '-benchmark', '-v', 'level+info'],
      ...['-progress', 'pipe:1', '-stats_period', '0.5'],
      ...run.args,
    ],
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
    timeLimitMs: run.timeLimitMs,
    signal: context.signal,
    onLine: parse,
    keepErrorLine: (line) => {
      const bench = /\[info\] bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(line);
      if (bench) cpuS = Number(bench[1]) + Number(bench[2]);
      // Only the first line of a message has its tag.
      if (/\[(info|verbose)\]/.test(line) || line.startsWith('  ')) run.onInfo?.(line);
      // Muxers without time stamps complain of some that nobody will read.
      const isError = /\[(error|fatal|panic)\]/.test(line) && !/^\[(null|rawvideo) @/.test(line);
      if (isError) errorCount += 1;
      return isError;
    },
  });
  return { status: end.status, cpuS, errors: end.stderrTail, errorCount };
}

/** Runs ffmpeg and throws TaskFailure `program_failed` with its errors when it does not end well. */
export async function ffmpegOrFail(
  context: TaskContext,
  run: FfmpegRun,
): Promise<FfmpegEnd & { cpuS: number }> {
  const end = await ffmpeg(context, run);
  const brokenOff = isNetworkFault(end.errors) || isReadFault(end.errors);
  if (end.status === 0 && end.cpuS !== null && !brokenOff) return { ...end, cpuS: end.cpuS };
  if (brokenOff) {
    throw new TaskFailure('input_unreachable', 'the master could not be read over the network', {
      retry: true,
      programLog: end.errors,
    });
  }
  if (/No space left on device/i.test(end.errors)) {
    throw new TaskFailure('storage_full', 'the disk is full', { retry: true, programLog: end.errors });
  }
  const how =
    end.status === null
      ? 'was killed from outside, as happens when the machine runs out of memory'
      : `ended with status ${end.status}`;
  throw new TaskFailure('program_failed', `ffmpeg ${how}`, {
    retry: true,
    programLog: end.errors,
  });
}

/** `-progress` writes key=value lines and ends each block with `progress=`. */
export function progressParser(report: NonNullable<FfmpegRun['onProgress']>): (line: string) => void {
  const at = { frame: 0, timeS: 0, fps: 0 };
  return (line) => {
    const [key, text = ''] = line.split('=', 2);
    const value = Number(text.trim());
    if (key === 'progress') report({ ...at });
    if (!Number.isFinite(value)) return;
    if (key === 'frame') at.frame = value;
    if (key === 'fps') at.fps = value;
    if (key === 'out_time_us') at.timeS = value / 1e6;
  };
}

/**
 * Whether ffmpeg's or ffprobe's errors speak of the way to the file rather than of the file. A "4XX" that is none of
 * the usual ones is 416: an index that points behind the end of a file that was cut off.
 */
export function isNetworkFault(errors: string): boolean {
  const patterns = [
    /Connection (refused|reset|timed out)/i,
    /Server returned (40[0134]|5XX)/,
    /HTTP error (40\d|5\d\d)/,
    /Stream ends prematurely/,
    /Network is unreachable|No route to host|Operation timed out|Failed to resolve/i,
  ];
  return patterns.some((pattern) => pattern.test(errors));
}

/**
 * Whether reading broke off. ffmpeg takes that for the end of the film and ends well, so that padding would hide it.
 */
function isReadFault(errors: string): boolean {
  return /Input\/output error|error during demuxing|<url>:? End of file/i.test(errors);
}

/** Runs ffprobe on a master and gives its standard output; the caller judges status and errors. */
export async function ffprobe(
  context: TaskContext,
  master: string,
  args: readonly string[],
  options: { timeLimitMs: number; onLine?(line: string): void },
): Promise<{ status: number | null; stdout: string; errors: string }> {
  assertMasterUrl(master);
  const end = await runProgram({
    program: context.programs.ffprobe,
    tether: context.programs.tether,
    niceness: context.niceness,
    memoryBytesMax: context.memoryBytesMax,
    args: ['-hide_banner', '-v', 'error', ...masterOptions(master), ...args, '-i', master],
    timeLimitMs: options.timeLimitMs,
    signal: context.signal,
    ...(options.onLine ? { onLine: options.onLine } : {}),
  });
  return { status: end.status, stdout: end.stdout, errors: end.stderrTail };
}
