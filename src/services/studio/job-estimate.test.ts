import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offBy } from '../../contracts/job-words.ts';
import { type Expected, estimateJob } from './job-estimate.ts';
import { learnFactors, NO_FACTORS, type PastRecord, workKeys } from './past-work.ts';
import { planFilm } from './plan.ts';
import { presetOf, readPresets } from './presets.ts';
import { someAudio, someInspection, someRung } from './studio.testing.ts';

const config = { segmentS: 4, chunkS: 24, gopS: 2 };
const found = someInspection({ durationS: 120, width: 1920, height: 1080, audio: [someAudio({ index: 1 })] });
const KINDS = ['encode-video', 'encode-audio', 'analyse', 'first-light'];
const nothing = { cpu: NO_FACTORS, bytes: NO_FACTORS, savings: {} };
const unlearned = { ...nothing, job: { cpu: NO_FACTORS, wall: NO_FACTORS, bytes: NO_FACTORS } };

function expected(name: string): Expected {
  const preset = presetOf(readPresets(), name);
  const { plan, tasks } = planFilm(found, config, { name, preset });
  return {
    ...{ found, plan, preset: name, policy: undefined, workers: 2 },
    tasks: tasks.flatMap(({ kind, cost, spec }) =>
      KINDS.includes(kind)
        ? [{ kind: kind as 'encode-video', cost, rung: 'rung' in spec ? spec.rung : null }]
        : [],
    ),
  };
}

test('time and bytes are known before a job starts, also of rungs that are not chosen yet', () => {
  const fixed = estimateJob(expected('standard'), unlearned);
  const chosen = estimateJob(expected('per-title'), unlearned);
  assert.ok(fixed.cpuS > 100 && fixed.bytes > 10e6, JSON.stringify(fixed));
  assert.ok(fixed.wallS > fixed.cpuS / 2 && fixed.wallS < fixed.cpuS);
  assert.ok(chosen.cpuS > fixed.cpuS && chosen.bytes > 0.9 * fixed.bytes, JSON.stringify(chosen));
  const fewer = { ...expected('standard'), tasks: [] };
  assert.ok(estimateJob(fewer, unlearned).cpuS < 1, 'what is taken over costs nothing');
});

test('estimates move with what tasks and jobs of the past took', () => {
  const double: PastRecord = { keys: workKeys('encode-video', someRung()), expected: 1e9, actual: 2e9 };
  const cpu = learnFactors([double], 20_000);
  const plain = estimateJob(expected('standard'), unlearned);
  const slow = estimateJob(expected('standard'), { ...unlearned, cpu });
  assert.ok(slow.cpuS > 1.9 * plain.cpuS && slow.cpuS < 2.1 * plain.cpuS);
  const bytes = learnFactors([{ keys: ['standard'], expected: 1e9, actual: 5e8 }], 1);
  const half = estimateJob(expected('standard'), { ...unlearned, job: { ...unlearned.job, bytes } });
  assert.ok(Math.abs(half.bytes / plain.bytes - 0.5) < 0.01);
  assert.equal(half.raw.bytes, plain.raw.bytes);
});

test('a factor begins at one, prefers what is special, and stays within bounds', () => {
  const factors = learnFactors(
    [
      { keys: ['a', 'a b'], expected: 100, actual: 300 },
      { keys: ['a', 'a c'], expected: 100, actual: 50 },
      { keys: ['z'], expected: 1e6, actual: 1e9 },
      { keys: ['y'], expected: 1e6, actual: 0 },
      { keys: ['x'], expected: 0, actual: 7 },
    ],
    1,
  );
  assert.ok(Math.abs(factors(['a', 'a b']) - 3) < 0.1 && Math.abs(factors(['a', 'a c']) - 0.5) < 0.1);
  assert.ok(Math.abs(factors(['a', 'a d']) - 1.75) < 0.1, 'what was never seen takes after its kind');
  assert.deepEqual([factors(['z']), factors(['y']), factors(['x']), factors([])], [4, 0.25, 1, 1]);
});

test('how far off an estimate was is told against what came', () => {
  assert.deepEqual([offBy(12, 10), offBy(5, 10), offBy(null, 10), offBy(1, 0)], ['+20 %', '-50 %', '', '']);
});
