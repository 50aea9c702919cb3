/** Arguments and environment -> settings -> what to run -> run it until it is told to stop. */
import { mkdir, readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from './platform/clock.ts';
import { configTable, parseConfig } from './platform/config.ts';
import { isMatineeError } from './platform/errors.ts';
import { failureText } from './platform/http.ts';
import { createLifecycle, type Lifecycle } from './platform/lifecycle.ts';
import { createLog, type Log } from './platform/log.ts';
import { EXIT_HOPELESS, onParentGone } from './platform/supervisor.ts';
import { type Arguments, edgeProcess, helpText, parseArguments } from './roles.ts';
import { SETTINGS, SETTINGS_PREFIX, type Settings } from './settings.ts';

export type Unit = {
  settings: Settings;
  folder: string;
  lifecycle: Lifecycle;
  log: Log;
  clock: typeof systemClock;
};

const packageFile = fileURLToPath(new URL('../package.json', import.meta.url));

async function main(): Promise<void> {
  const wanted = parseArguments(process.argv.slice(2));
  if (wanted.kind === 'help')
    return void console.log(`${helpText()}\n\nSettings:\n\n${configTable(SETTINGS)}`);
  if (wanted.kind === 'version')
    return void console.log(JSON.parse(await readFile(packageFile, 'utf8')).version);
  const settings = parseConfig(SETTINGS, process.env, SETTINGS_PREFIX);
  const log = createLog({
    level: settings.MATINEE_LOG_LEVEL as 'info',
    format: settings.MATINEE_LOG_FORMAT as 'text',
    write: (line) => process.stderr.write(line),
    fields: wanted.kind === 'supervisor' ? {} : { process: unitName(wanted) },
  });
  const lifecycle = createLifecycle({ clock: systemClock, log });
  const folder = resolve(settings.MATINEE_DATA);
  await mkdir(folder, { recursive: true });
  const end = (reason: string, code: number) =>
    void lifecycle.shutdown(reason).then(() => process.exit(code));
  process.on('SIGTERM', () => end('SIGTERM', 0));
  process.on('SIGHUP', () => end('SIGHUP', 0));
  // Ctrl-C reaches every process of the terminal; the supervisor alone acts on it and stops the others in order.
  process.on('SIGINT', () => (wanted.kind === 'supervisor' ? end('SIGINT', 0) : undefined));
  onParentGone(() => end('the parent process ended', 1));
  process.on('uncaughtException', (error) => crash(log, error));
  process.on('unhandledRejection', (error) => crash(log, error));
  await run(wanted, { settings, folder, lifecycle, log, clock: systemClock });
  // At its end it would be written anyway, but processes are also killed.
  flushCompileCache();
}

async function run(wanted: Exclude<Arguments, { kind: 'help' | 'version' }>, unit: Unit): Promise<void> {
  switch (wanted.kind) {
    case 'supervisor':
      return (await import('./fleet.ts')).runSupervisor(wanted.roles, unit);
    case 'control':
      return (await import('./compose.ts')).runControl(wanted.roles, unit);
    case 'edge':
      return (await import('./compose-fleet.ts')).runEdge(wanted.port, wanted.shard, unit);
    case 'encoder':
      return (await import('./compose-fleet.ts')).runEncoder(wanted.name, unit);
  }
}

function unitName(wanted: Arguments): string {
  if (wanted.kind === 'edge') return edgeProcess(wanted.port, wanted.shard);
  if (wanted.kind === 'encoder') return wanted.name;
  return wanted.kind;
}

/** A fault of the program itself: say so and end, the supervisor starts a fresh process. */
function crash(log: Log, error: unknown): void {
  log.error('the process ends because of a fault', { error });
  process.exit(1);
}

main().catch((error: unknown) => {
  process.stderr.write(`${failureText(error)}\n`);
  const hopeless =
    isMatineeError(error, 'invalid_config') ||
    isMatineeError(error, 'missing_program') ||
    isMatineeError(error, 'owned_elsewhere');
  process.exit(hopeless ? EXIT_HOPELESS : 1);
});
