/**
 * Programs that are not on npm in a good build: ffmpeg and ffprobe. Installs them through the system's package
 * manager where that is allowed, else says exactly what to do.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { MatineeError } from './platform/errors.ts';
import type { Log } from './platform/log.ts';
import type { Role } from './roles.ts';
import type { Settings } from './settings.ts';

type Installer = { program: string; needsRoot: boolean; commands: readonly (readonly string[])[] };

const INSTALLERS: readonly Installer[] = [
  {
    program: 'apt-get',
    needsRoot: true,
    commands: [
      ['apt-get', 'update', '-q'],
      ['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'ffmpeg'],
    ],
  },
  { program: 'apk', needsRoot: true, commands: [['apk', 'add', '--no-cache', 'ffmpeg']] },
  { program: 'dnf', needsRoot: true, commands: [['dnf', 'install', '-y', 'ffmpeg']] },
  { program: 'pacman', needsRoot: true, commands: [['pacman', '-S', '--noconfirm', 'ffmpeg']] },
  { program: 'brew', needsRoot: false, commands: [['brew', 'install', 'ffmpeg']] },
];

/** Makes sure that the roles chosen find their programs. Throws missing_program with the command to type. */
export async function ensurePrograms(roles: ReadonlySet<Role>, settings: Settings, log: Log): Promise<void> {
  if (!roles.has('encoder') || settings.MATINEE_ENCODERS === 0) return;
  const missing = [settings.MATINEE_FFMPEG, settings.MATINEE_FFPROBE].filter(
    (program) => !findProgram(program),
  );
  if (missing.length === 0) return;
  const installer = INSTALLERS.find(({ program }) => findProgram(program));
  const mayInstall = installer && (!installer.needsRoot || process.getuid?.() === 0);
  if (installer && mayInstall) {
    log.info('installing ffmpeg through the package manager', { manager: installer.program });
    for (const [command = '', ...args] of installer.commands) runInstaller(command, args);
    if (missing.every((program) => findProgram(program))) return;
  }
  throw new MatineeError('missing_program', `${missing.join(' and ')} not found. ${advice(installer)}`);
}

function runInstaller(command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 600_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (done.status !== 0) {
    throw new MatineeError(
      'missing_program',
      `"${command} ${args.join(' ')}" failed; its message above says why.`,
    );
  }
}

function advice(installer: Installer | undefined): string {
  const commands = installer?.commands.map((command) => `sudo ${command.join(' ')}`).join(' && ');
  const install = commands
    ? `Type: ${installer?.needsRoot ? commands : commands.replaceAll('sudo ', '')}`
    : '';
  return (
    `${install || 'Install ffmpeg 5 or newer with libx264 (ffmpeg.org)'}, or point MATINEE_FFMPEG and ` +
    'MATINEE_FFPROBE at them, or start without encoders: MATINEE_ENCODERS=0 npm start'
  );
}

/** The full path of a program, looked up as a shell would. */
export function findProgram(program: string, path: string = process.env.PATH ?? ''): string | undefined {
  const candidates =
    isAbsolute(program) || program.includes('/')
      ? [program]
      : path.split(delimiter).map((folder) => join(folder, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
