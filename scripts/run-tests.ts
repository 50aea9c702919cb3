/**
 * Runs every test: `npm test`, or those that need no other program and little time: `npm run test:quick`. Names
 * given as arguments choose the files whose paths contain one of them. The last line is the count.
 */
import { spawnSync } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect, parseArgs } from 'node:util';
import { createLog } from '../src/platform/log.ts';
import { installPrograms } from '../src/programs.ts';

type Counts = { passed: number; failed: number; skipped: number };
type Failure = { name: string; file?: string; error: unknown };

const root = fileURLToPath(new URL('..', import.meta.url));
/** Slow tests that have the machine for themselves: they start the whole program, or measure what faults do. */
const WANTS_ALL = /^test\/|\/chaos\//;
/** Longer than any single test may take; a hung one must not hold up the rest for ever. */
const TEST_LIMIT_MS = 300_000;

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const { quickFiles, slowFiles } = await findTests(positionals);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: Failure[] = [];
const skips = new Map<string, number>();

await checkCode();
await runFiles(quickFiles, 2);
if (!values.quick && slowFiles.length > 0) {
  installWhatTestsNeed();
  const isGreedy = (file: string) => WANTS_ALL.test(file);
  await runFiles(
    slowFiles.filter((file) => !isGreedy(file)),
    2,
  );
  await runFiles(slowFiles.filter(isGreedy), 1);
}
report();

/** Files named `.slow.test.ts` and everything below `test/` need other programs or time. */
async function findTests(wanted: readonly string[]) {
  const files: string[] = [];
  for (const folder of ['scripts', 'src', 'test', 'bench'])
    for await (const file of glob(`${folder}/**/*.test.ts`, { cwd: root })) files.push(file);
  const chosen = files
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();
  const isSlow = (file: string) => /\.slow\.test\.ts$|^test\//.test(file);
  return { quickFiles: chosen.filter((file) => !isSlow(file)), slowFiles: chosen.filter(isSlow) };
}

/** Types, lint and import directions count as one test. */
async function checkCode(): Promise<void> {
  if (positionals.length > 0) return;
  const done = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/check.ts'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status === 0) total.passed++;
  else {
    total.failed++;
    failures.push({ name: 'npm run check', error: 'see above' });
  }
}

/** A test whose program cannot be installed here skips itself and says so. */
function installWhatTestsNeed(): void {
  const log = createLog({ level: 'info', format: 'text', write: (line) => process.stderr.write(line) });
  for (const [program, packageName] of [
    ['ffmpeg', 'ffmpeg'],
    ['mpv', 'mpv'],
    ['chromium', 'chromium'],
  ] as const) {
    try {
      const { missing, advice } = installPrograms([program], packageName, log);
      if (missing.length > 0) console.log(`without ${program}, its tests are skipped or fail. ${advice}`);
    } catch (error) {
      console.log(`without ${program}, its tests are skipped or fail: ${(error as Error).message}`);
    }
  }
}

async function runFiles(files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const stream = run({
    cwd: root,
    files: files.map((file) => `${root}${file}`),
    concurrency,
    timeout: TEST_LIMIT_MS,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  stream.on('test:fail', ({ name, file, details }) => {
    // A suite fails because of a test in it, which has been told already.
    if (details.type === 'suite' && details.error.cause && isSubtestFailure(details.error)) return;
    failures.push({ name, file, error: details.error.cause ?? details.error });
    console.log(`FAILED  ${name}\n${indent(describe(details.error.cause ?? details.error))}`);
  });
  stream.on('test:pass', ({ name, skip }) => {
    if (skip === undefined || skip === false) return;
    const reason = typeof skip === 'string' && skip !== '' ? skip : 'no reason given';
    skips.set(reason, (skips.get(reason) ?? 0) + 1);
    console.log(`skipped ${name}: ${reason}`);
  });
  stream.on('test:summary', ({ file, success, counts, duration_ms: durationMs }) => {
    const failed = counts.tests - counts.passed - counts.skipped - counts.todo;
    if (file !== undefined) {
      const seconds = (durationMs / 1000).toFixed(1);
      console.log(
        `${success ? 'ok     ' : 'FAILED '} ${relative(root, file)}  ${counts.tests} tests, ${seconds} s`,
      );
      return;
    }
    total.passed += counts.passed;
    // A suite whose preparation failed has run no test that could be counted.
    total.failed += failed === 0 && !success ? 1 : failed;
    total.skipped += counts.skipped + counts.todo;
  });
  for await (const _ of stream);
}

function isSubtestFailure(error: Error): boolean {
  return (error as { failureType?: string }).failureType === 'subtestsFailed';
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function report(): void {
  if (failures.length > 0) {
    console.log('\nFailed:');
    for (const { name, file } of failures) console.log(`  ${file ? `${relative(root, file)}: ` : ''}${name}`);
    const [first] = failures.flatMap(({ file }) => (file ? [relative(root, file)] : []));
    if (first) console.log(`Run one file again: npm test -- ${first}`);
  }
  for (const [reason, count] of skips) console.log(`${count} skipped: ${reason}`);
  // The exit code is set, not forced, so that the last line is out before the process ends.
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
}
