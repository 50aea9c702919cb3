/**
 * What must be there before any of the TypeScript can run: the npm packages and the pinned Node. Plain
 * JavaScript for any Node from 18 on, because this is the only part that runs on the machine's own Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs the npm packages when they are missing or the lock file has changed. */
export function ensurePackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.matinee-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing npm packages (about half a minute, once)…');
  const npm = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
  // The packages' own install scripts are not needed: whatever they would prepare, the program prepares itself.
  const done = spawnSync(
    npm[0],
    [...npm[1], 'ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
    },
  );
  if (done.status !== 0) {
    console.error('npm could not install the packages; its message above says why. Nothing was started.');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** The Node that the project is pinned to, from npm; the machine's own when that is new enough. */
export function pinnedNode() {
  const system = { linux: 'linux', darwin: 'bin-darwin', win32: 'win' }[process.platform] ?? process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const path = join(root, 'node_modules', `node-${system}-${process.arch}`, 'bin', file);
  if (existsSync(path)) return path;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  console.error(
    `There is no Node 24 for ${process.platform} ${process.arch} on npm, and this machine's is ${process.version}. ` +
      'Install Node 24 or newer from nodejs.org and start again.',
  );
  process.exit(1);
}

/**
 * Where Node keeps what it made of the TypeScript. A process that finds it there starts in half the time and never
 * loads the stripper of types, which is 28 MB less for each.
 */
const compileCache = join(root, 'node_modules', '.cache', 'matinee-compile');

/**
 * Runs a TypeScript file on the pinned Node and ends as it ends. Signals are passed on; the program learns of
 * this process's death, even by `kill -9`, from the end of the channel between them.
 */
export function runPinned(file, args, options = {}) {
  const child = spawn(pinnedNode(), ['--disable-warning=ExperimentalWarning', join(root, file), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    cwd: options.cwd ?? process.cwd(),
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  child.on('error', (error) => {
    console.error(`Could not start ${file}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** Under `npm start` the program ends when npm does, also when npm is killed without a word. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors() !== before) child.kill('SIGTERM');
  }, 1000);
  timer.unref();
}

/** The parent and, where it can be read, its parent: npm runs scripts through a shell that outlives it. */
function ancestors() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    // The fields after the last parenthesis are: state, parent…
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return `${process.ppid}`;
  }
}
