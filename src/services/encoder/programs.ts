/**
 * Finds the programs that encoder workers run and checks that they can do the work, before any task is taken.
 * ffmpeg and ffprobe come from the system; the packager comes with the npm package `shaka-packager`.
 */
import { access, chmod, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { QualityMetric } from '../../contracts/analysis.ts';
import { MatineeError } from '../../platform/errors.ts';
import { runProgram } from './run-program.ts';
import { findSpeechModel, type SpeechModel } from './speech-model.ts';
import type { Programs } from './task-context.ts';

/** The first with `-fps_mode`. */
const VERSION_MIN = 5.1;

export type ProgramSearch = {
  /** Name on PATH or a path. Default `ffmpeg`. */
  ffmpeg?: string;
  /** Default `ffprobe`. */
  ffprobe?: string;
  /** Default: the one of the npm package. */
  packager?: string;
  /** A file of whisper.cpp or a folder of PocketSphinx; empty or absent is none. */
  speechModel?: string;
  /** What runs a model of whisper.cpp. Default `whisper-cli`. */
  speechProgram?: string;
  /** Default: those of this process. */
  platform?: string;
  arch?: string;
};

/** Throws missing_program with all that is missing and how to install it. */
export async function findPrograms(search: ProgramSearch): Promise<Programs> {
  const ffmpeg = search.ffmpeg || 'ffmpeg';
  const ffprobe = search.ffprobe || 'ffprobe';
  const { platform = process.platform, arch = process.arch } = search;
  const faults = [...(await ffmpegFaults(ffmpeg, platform)), ...(await ffprobeFaults(ffprobe, platform))];
  let packager = search.packager ?? '';
  try {
    packager = await findPackager(packager || packagerPath(platform, arch));
  } catch (error) {
    faults.push((error as Error).message);
  }
  const { speechModel = '', speechProgram } = search;
  let speech: SpeechModel | undefined;
  try {
    if (speechModel !== '') speech = await findSpeech(ffmpeg, speechModel, speechProgram);
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (faults.length > 0) throw new MatineeError('missing_program', faults.join('\n'));
  return {
    ...{ ffmpeg, ffprobe, packager, metric: await findMetric(ffmpeg), tether: await findTether(platform) },
    ...(speech ? { speech } : {}),
  };
}

/** The best that this ffmpeg was built with. Every build has `ssim`. */
async function findMetric(ffmpeg: string): Promise<QualityMetric> {
  const filters = (await say(ffmpeg, ['-hide_banner', '-filters'])) ?? '';
  return /^ \S+ libvmaf /m.test(filters) ? 'vmaf' : 'ssim';
}

async function findSpeech(ffmpeg: string, model: string, program = ''): Promise<SpeechModel> {
  const filters = (await say(ffmpeg, ['-hide_banner', '-filters'])) ?? '';
  const runs = async (name: string) => (await say(name, ['--help'])) !== undefined;
  return findSpeechModel(model, program || 'whisper-cli', filters, runs);
}

/** `setpriv` of util-linux has the kernel kill a program when its parent dies; other systems' have no such option. */
async function findTether(platform: string): Promise<string[]> {
  if (platform !== 'linux') return [];
  const tether = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const works = await say('setpriv', [...tether.slice(1), 'true']);
  return works === undefined ? [] : tether;
}

/** The sentence that says how to install ffmpeg here. */
export function installHint(platform: string): string {
  if (platform === 'darwin') return 'install it with: brew install ffmpeg';
  if (platform === 'win32') return 'install it with: winget install Gyan.FFmpeg';
  return 'install it with: sudo apt-get install ffmpeg (Debian, Ubuntu), sudo dnf install ffmpeg (Fedora with RPM Fusion) or sudo apk add ffmpeg (Alpine)';
}

async function say(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const signal = new AbortController().signal;
    const end = await runProgram({ program, args, timeLimitMs: 20_000, signal });
    return end.status === 0 ? end.stdout : undefined;
  } catch {
    // A program that cannot be started is reported by the caller as missing, with the way to install it.
    return undefined;
  }
}

async function ffmpegFaults(program: string, platform: string): Promise<string[]> {
  const hint = `${installHint(platform)}, or name another build in MATINEE_FFMPEG`;
  const version = await say(program, ['-hide_banner', '-version']);
  if (version === undefined) return [`ffmpeg ("${program}") cannot be run; ${hint}`];
  const faults: string[] = [];
  const stated = versionOf(version);
  if (stated !== undefined && stated < VERSION_MIN) {
    faults.push(`ffmpeg ("${program}") is version ${stated}, ${VERSION_MIN} or later is needed; ${hint}`);
  }
  const encoders = (await say(program, ['-hide_banner', '-encoders'])) ?? '';
  for (const name of ['libx264', 'aac']) {
    if (!new RegExp(`^ [VA]\\S+ ${name} `, 'm').test(encoders)) {
      faults.push(`ffmpeg ("${program}") was built without the encoder ${name}; ${hint}`);
    }
  }
  return faults;
}

async function ffprobeFaults(program: string, platform: string): Promise<string[]> {
  if ((await say(program, ['-hide_banner', '-version'])) !== undefined) return [];
  const hint = `it comes with ffmpeg: ${installHint(platform)}, or name another build in MATINEE_FFPROBE`;
  return [`ffprobe ("${program}") cannot be run; ${hint}`];
}

/** Major and minor version as one number, or undefined for a build from a repository, which states none. */
export function versionOf(text: string): number | undefined {
  const match = /^ff\w+ version n?(\d+)\.(\d+)/m.exec(text);
  return match ? Number(`${match[1]}.${match[2]}`) : undefined;
}

async function findPackager(path: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
  } catch {
    // npm may unpack the file without its mode; a file that is not there makes chmod fail, which is reported.
    await chmod(path, 0o755).catch(() => {
      throw new Error(`the packager is missing at ${path}; install it with: npm install`);
    });
  }
  if ((await say(path, ['--version'])) === undefined) {
    throw new Error(`the packager at ${path} cannot be run; install it anew with: npm install`);
  }
  return path;
}

function packagerPath(platform: string, arch: string): string {
  const system = { linux: 'linux', darwin: 'osx', win32: 'win' }[platform];
  if (!system || !['x64', 'arm64'].includes(arch)) {
    throw new Error(
      `there is no packager for ${platform} on ${arch}; Linux, macOS (x64, arm64) and Windows (x64) have one`,
    );
  }
  const suffix = platform === 'win32' ? '.exe' : '';
  try {
    const manifest = createRequire(import.meta.url).resolve('shaka-packager/package.json');
    return join(dirname(manifest), 'bin', `packager-${system}-${arch}${suffix}`);
  } catch {
    // The only way this fails is that the package is not there.
    throw new Error('the npm package shaka-packager is missing; install it with: npm install');
  }
}
