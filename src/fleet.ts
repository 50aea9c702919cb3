/**
 * The supervisor's process: it starts the control process and the fleets of edges and encoders, keeps them
 * alive, and tells a person where everything is. It holds no state and serves nothing.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shardCount } from './edge-shards.ts';
import type { Unit } from './main.ts';
import { type ChildSpec, type SupervisedChild, superviseChild } from './platform/supervisor.ts';
import { ensurePrograms } from './programs.ts';
import { CONTROL_ROLES, edgeProcess, encoderCount, type Role, URGENT_ENCODER } from './roles.ts';
import { EDGE_ENVIRONMENT } from './services/edge/process-environment.ts';
import type { Settings } from './settings.ts';
import { ensureWebBuild } from './web-build.ts';

const mainFile = fileURLToPath(new URL('./main.ts', import.meta.url));

export async function runSupervisor(roles: ReadonlySet<Role>, unit: Unit): Promise<void> {
  const { lifecycle, log, clock, settings, folder } = unit;
  const startedAt = clock.monotonic();
  ensurePrograms(roles, settings, log);
  if (roles.has('web')) await ensureWebBuild(log);
  if (roles.has('encoder')) await removeOtherScratch(folder, settings);
  const children: SupervisedChild[] = [];
  const start = (spec: ChildSpec) => {
    const child = superviseChild(spec, { clock, log });
    children.push(child);
    return child;
  };
  const specs = childSpecs(roles, settings);
  const control = specs.filter((spec) => spec.name === 'control').map(start);
  const fleet = specs.filter((spec) => spec.name !== 'control').map(start);
  // Workers first: they return their leases while the control process can still take them.
  lifecycle.onShutdown(
    'drain',
    'fleet',
    async () => void (await Promise.all(fleet.map((child) => child.stop()))),
  );
  lifecycle.onShutdown(
    'close',
    'control',
    async () => void (await Promise.all(control.map((child) => child.stop()))),
  );
  try {
    const rows = (await Promise.all(children.map((child) => child.ready))).flat();
    process.stdout.write(`${readyTable(rows, relative(process.cwd(), folder) || '.')}\n`);
    log.info('ready', { seconds: Math.round(clock.monotonic() - startedAt) / 1000 });
  } catch (error) {
    if (lifecycle.signal.aborted) return;
    process.stderr.write(`${(error as Error).message}; its messages above say why.\n`);
    await lifecycle.shutdown('a process could not be started');
    process.exit(1);
  }
}

/** The processes that a choice of roles becomes. */
export function childSpecs(roles: ReadonlySet<Role>, settings: Settings): ChildSpec[] {
  const specs: ChildSpec[] = [];
  const controlRoles = [...roles].filter((role) => role in CONTROL_ROLES);
  if (controlRoles.length > 0) {
    const args = ['--unit=control', `--roles=${controlRoles.join(',')}`];
    specs.push({ name: 'control', file: mainFile, args, stopMs: 12_000 });
  }
  if (roles.has('edge')) {
    const shards = shardCount(settings);
    for (const port of settings.MATINEE_EDGE_PORTS) {
      for (let shard = 1; shard <= shards; shard++) {
        const name = edgeProcess(port, shard);
        const args = ['--unit=edge', `--port=${port}`, `--shard=${shard}`];
        specs.push({ name, file: mainFile, args, env: EDGE_ENVIRONMENT, stopMs: 7000 });
      }
    }
  }
  if (roles.has('encoder')) {
    const count = encoderCount(settings);
    for (let number = 1; number <= count; number++) {
      const name = `encoder-${number}`;
      specs.push({ name, file: mainFile, args: ['--unit=encoder', `--name=${name}`], stopMs: 7000 });
    }
    // One more for what viewers and uploaders wait for, which long encodes would keep waiting.
    if (count > 0) {
      const args = ['--unit=encoder', `--name=${URGENT_ENCODER}`];
      specs.push({ name: URGENT_ENCODER, file: mainFile, args, stopMs: 7000 });
    }
  }
  return specs;
}

/** What workers left that there are no more, since fewer are wanted now; the others tidy up themselves. */
async function removeOtherScratch(folder: string, settings: Settings): Promise<void> {
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  const own = [
    URGENT_ENCODER,
    ...Array.from({ length: encoderCount(settings) }, (_, n) => `encoder-${n + 1}`),
  ];
  for (const name of await readdir(scratch))
    if (/^encoder-/.test(name) && !own.includes(name))
      await rm(join(scratch, name), { recursive: true, force: true });
}

function readyTable(rows: ReadonlyArray<readonly [string, string]>, folder: string): string {
  const all: Array<readonly [string, string]> = [...rows, ['data folder', folder]];
  const width = Math.max(...all.map(([name]) => name.length)) + 2;
  return [
    '',
    'Matinee is ready',
    '',
    ...all.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
    '',
  ].join('\n');
}
