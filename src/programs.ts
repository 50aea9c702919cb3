/**
 * Programs that are not on npm in a good build, ffmpeg above all. Installs them through the system's package
 * manager where that is allowed, else says exactly what to type.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { MatineeError } from './platform/errors.ts';
import type { Log } from './platform/log.ts';
import type { Role } from './roles.ts';
import type { Settings } from './settings.ts';

type Manager = {
  program: string;
  needsRoot: boolean;
  refresh?: readonly string[];
  install: readonly string[];
};

const MANAGERS: readonly Manager[] = [
  {
    program: 'apt-get',
    needsRoot: true,
    refresh: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y', '-q', '--no-install-recommends'],
  },
  { program: 'apk', needsRoot: true, install: ['apk', 'add', '--no-cache'] },
  { program: 'dnf', needsRoot: true, install: ['dnf', 'install', '-y'] },
  { program: 'pacman', needsRoot: true, install: ['pacman', '-S', '--noconfirm'] },
  { program: 'brew', needsRoot: false, install: ['brew', 'install'] },
];

/** Makes sure that the roles chosen find their programs. Throws missing_program with the command to type. */
export function ensurePrograms(roles: ReadonlySet<Role>, settings: Settings, log: Log): void {
  if (!roles.has('encoder') || settings.MATINEE_ENCODERS === 0) return;
  const programs = [settings.MATINEE_FFMPEG, settings.MATINEE_FFPROBE];
  const { missing, advice } = installPrograms(programs, 'ffmpeg', log);
  if (missing.length === 0) return;
  throw new MatineeError(
    'missing_program',
    `${missing.join(' and ')} not found. ${advice}, or point MATINEE_FFMPEG and MATINEE_FFPROBE at an ffmpeg 5 or ` +
      'newer with libx264, or start without encoders: MATINEE_ENCODERS=0 npm start',
  );
}

/**
 * Installs the package that brings some programs, where they are missing and this process may. Gives back what
 * is missing still, and what a person could do about it.
 */
export function installPrograms(
  programs: readonly string[],
  packageName: string,
  log: Log,
): { missing: string[]; advice: string } {
  const absent = () => programs.filter((program) => !findProgram(program));
  const manager = MANAGERS.find(({ program }) => findProgram(program));
  const advice = manager ? `Type: ${commandText(manager, packageName)}` : `Install ${packageName}`;
  if (absent().length === 0 || !manager || (manager.needsRoot && process.getuid?.() !== 0)) {
    return { missing: absent(), advice };
  }
  log.info(`installing ${packageName} through the package manager, once`, { manager: manager.program });
  if (manager.refresh) runCommand(manager.refresh);
  runCommand([...manager.install, packageName]);
  return { missing: absent(), advice };
}

/** The full path of a program, looked up as a shell would. */
export function findProgram(program: string, path: string = process.env.PATH ?? ''): string | undefined {
  const candidates =
    program.includes('/') || isAbsolute(program)
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

function runCommand([command = '', ...args]: readonly string[]): void {
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

function commandText(manager: Manager, packageName: string): string {
  const sudo = manager.needsRoot ? 'sudo ' : '';
  const refresh = manager.refresh ? `${sudo}${manager.refresh.join(' ')} && ` : '';
  return `${refresh}${sudo}${manager.install.join(' ')} ${packageName}`;
}
