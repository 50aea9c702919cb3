/**
 * The machine a benchmark runs on: a network of its own where that is possible, the programs it needs, and the
 * lines that say what the figures were measured on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { isPinned } from './processes.ts';

const INSIDE = 'MATINEE_BENCH_NETWORK';
const CONGESTION = '/proc/sys/net/ipv4/tcp_congestion_control';
const INSTALL_MS = 120_000;

/** The Debian package of each program. */
const PACKAGES = {
  nginx: 'nginx',
  varnishd: 'varnish',
  traffic_server: 'trafficserver',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  openssl: 'openssl',
} as const;
export type Tool = keyof typeof PACKAGES;
export const TOOLS = Object.keys(PACKAGES) as Tool[];

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Runs this very program again in a network namespace of its own and gives its exit code; undefined when the
 * caller is inside already or cannot get one. A namespace has its own congestion control and its own ports.
 */
export async function runInOwnNetwork(args: readonly string[]): Promise<number | undefined> {
  if (process.env[INSIDE] || process.platform !== 'linux' || !isRoot() || !canUnshare()) return undefined;
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', ...args];
  const child = spawn(
    'unshare',
    ['-n', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command],
    {
      stdio: 'inherit',
      env: { ...process.env, [INSIDE]: '1' },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const end = () => void child.kill('SIGTERM');
  process.on('disconnect', end);
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  // As long as somebody listens for its end, the channel to npm's side keeps this program alive.
  process.off('disconnect', end);
  return code;
}

function canUnshare(): boolean {
  return spawnSync('unshare', ['-n', '--', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
}

/** Asks for reno inside a network of our own, where nobody else is concerned, and says what holds now. */
export function chooseCongestionControl(): string {
  if (process.env[INSIDE]) {
    try {
      writeFileSync(CONGESTION, 'reno');
    } catch {
      // What holds instead is told beside the figures.
    }
  }
  return read(CONGESTION) ?? 'unknown';
}

/** Installs through apt what is missing, where that is allowed. Must be called outside the network of our own. */
export function installMissing(tools: readonly Tool[], say: (text: string) => void): void {
  for (const tool of tools) {
    if (hasTool(tool) || !isRoot() || spawnSync('apt-get', ['--version']).status !== 0) continue;
    say(`installing ${PACKAGES[tool]} through apt`);
    // At run level 1 the packages' own services are not started.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const args = ['install', '-y', '--no-install-recommends', PACKAGES[tool]];
    spawnSync('apt-get', args, { env, timeout: INSTALL_MS, stdio: 'ignore' });
  }
}

export function hasTool(tool: Tool): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

export function whyMissing(tool: Tool): string {
  return `${tool} is not installed${isRoot() ? ' and apt could not install it' : '; apt needs root'}`;
}

/** The first thing in a program's own words that looks like a version. */
export function versionOf(tool: Tool): string {
  const flag = {
    nginx: '-v',
    varnishd: '-V',
    traffic_server: '-V',
    wrk: '-v',
    h2load: '--version',
    openssl: 'version',
  };
  const { stdout, stderr } = spawnSync(tool, [flag[tool]], { encoding: 'utf8' });
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}

export function describeMachine(congestion: string): string[] {
  const [first] = cpus();
  const gb = Math.round(totalmem() / 1e9);
  return [
    `${new Date().toISOString().slice(0, 10)}; ${cpus().length} x ${first?.model ?? 'unknown processor'}, ${gb} GB, Linux ${release()}`,
    isPinned()
      ? 'servers on processor 0, clients and origin on processor 1, one worker each'
      : 'WARNING: servers and clients share one processor; only processor time per request means anything',
    `TCP congestion control: ${congestion}${congestion === 'bbr' ? ' (WARNING: its pacing misleads on loopback at large objects)' : ''}`,
  ];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Not Linux, or no /proc.
    return undefined;
  }
}
