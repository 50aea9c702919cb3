import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressParser } from './ffmpeg.ts';
import { runProgram } from './run-program.ts';
import { TaskFailure } from './task-failure.ts';

const never = () => new AbortController().signal;
const shell = (script: string) => ({
  program: '/bin/sh',
  args: ['-c', script],
  timeLimitMs: 20_000,
  signal: never(),
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH is the answer that the test asks for.
    return false;
  }
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
