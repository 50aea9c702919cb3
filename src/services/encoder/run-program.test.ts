import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { progressParser } from './ffmpeg.ts';
import { findPrograms } from './programs.ts';
import { runProgram } from './run-program.ts';
import { TaskFailure } from './task-failure.ts';

const never = () => new AbortController().signal;
const shell = (script: string) => ({
  program: '/bin/sh',
  args: ['-c', script],
  timeLimitMs: 20_000,
  signal: never(),
});

/** A zombie has been killed; that nobody collects it is not this program's matter. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // ESRCH is the answer that the test asks for.
    return false;
  }
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}

test('status, output and the last error lines come back', async () => {
  const end = await runProgram(shell('echo out; echo err >&2; exit 3'));
  assert.deepEqual(end, { status: 3, stdout: 'out\n', stderrTail: 'err' });
});

test('URLs never stay in what a program said', async () => {
  const end = await runProgram(shell('echo "http://h/x?X-Amz-Signature=abc: Invalid data" >&2'));
  assert.equal(end.stderrTail, '<url> Invalid data');
});

test('the kept error text is bounded and is the end of it', async () => {
  const end = await runProgram(
    shell('i=0; while [ $i -lt 3000 ]; do echo "line $i of many words" >&2; i=$((i+1)); done'),
  );
  assert.ok(end.stderrTail.length <= 12_000);
  assert.ok(end.stderrTail.endsWith('line 2999 of many words'));
});

test('an abort kills the whole process group at once', async () => {
  const stop = new AbortController();
  let grandchild = 0;
  const run = runProgram({
    ...shell('sleep 60 & echo $!; wait'),
    signal: stop.signal,
    onLine: (line) => {
      grandchild = Number(line);
      stop.abort(new Error('stop it'));
    },
  });
  await assert.rejects(run, /stop it/);
  for (let i = 0; i < 100 && isAlive(grandchild); i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(grandchild > 0 && !isAlive(grandchild));
});

test('a program dies with the process that started it, killed or not', async (t) => {
  const { tether = [] } = await findPrograms({});
  if (tether.length === 0) return t.skip('this system has no setpriv with --pdeathsig');
  const script = `
    import { runProgram } from ${JSON.stringify(new URL('./run-program.ts', import.meta.url).href)};
    const onLine = (line) => console.log(line);
    const signal = new AbortController().signal;
    const args = ['-c', 'echo $$; exec sleep 60'];
    await runProgram({ program: '/bin/sh', args, tether: ${JSON.stringify(tether)}, timeLimitMs: 60000, signal, onLine });
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  assert.ok(pid > 0 && isAlive(pid));
  parent.kill('SIGKILL');
  for (let i = 0; i < 100 && isAlive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(!isAlive(pid));
});

test('a program over its time is killed and may be tried again', async () => {
  const run = runProgram({ ...shell('sleep 60'), timeLimitMs: 100 });
  await assert.rejects(
    run,
    (error) => error instanceof TaskFailure && error.code === 'program_timeout' && error.retry,
  );
});

test('too much output is a failure, not a full memory', async () => {
  const run = runProgram({
    ...shell('while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done'),
    stdoutBytesMax: 10_000,
  });
  await assert.rejects(run, (error) => error instanceof TaskFailure && error.code === 'program_failed');
});

test('a program that is not there is reported as such', async () => {
  const run = runProgram({ ...shell(''), program: '/nonexistent/program' });
  await assert.rejects(run, (error) => error instanceof TaskFailure && error.message.includes('ENOENT'));
});

test('progress blocks become one report each', () => {
  const seen: unknown[] = [];
  const parse = progressParser((at) => seen.push(at));
  for (const line of ['frame=12', 'fps=24.5', 'out_time_us=N/A', 'progress=continue']) parse(line);
  for (const line of ['frame=24', 'out_time_us=1000000', 'progress=end']) parse(line);
  assert.deepEqual(seen, [
    { frame: 12, timeS: 0, fps: 24.5 },
    { frame: 24, timeS: 1, fps: 24.5 },
  ]);
});
