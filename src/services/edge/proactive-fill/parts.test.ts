/** The parts of proactive fill by themselves: its rate, its hours, what is due, and what is streamed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FillTitle } from '../../../contracts/fill.ts';
import type { Clock } from '../../../platform/clock.ts';
import { Bandwidth } from './bandwidth.ts';
import { FillList } from './fill-list.ts';
import { isWithin, readHours } from './hours.ts';
import { TitleStreams } from './title-streams.ts';

function fakeClock(): Clock & { ms: number } {
  const clock = {
    ms: 1000,
    now: () => clock.ms,
    monotonic: () => clock.ms,
    sleep: async (ms: number) => {
      clock.ms += ms;
    },
  };
  return clock;
}

test('the rate is kept over any time, whatever the sizes, and what was not used does not pile up', async () => {
  const clock = fakeClock();
  const bandwidth = new Bandwidth(clock, 1e6);
  const { signal } = new AbortController();
  let seed = 7;
  let bytes = 0;
  const started = clock.ms;
  for (let n = 0; n < 2000; n++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const size = seed % 200_000;
    await bandwidth.spend(size, signal);
    bytes += size;
    const seconds = (clock.ms - started) / 1000;
    // Half a second of burst, and the fetch that has just begun.
    assert.ok(bytes <= 1e6 * (seconds + 0.5) + 200_000, `${bytes} bytes in ${seconds} s`);
  }
  const rate = bytes / ((clock.ms - started) / 1000);
  assert.ok(rate > 0.98e6 && rate < 1.02e6, `${rate}`);
  clock.ms += 3_600_000;
  const rested = clock.ms;
  for (let n = 0; n < 20; n++) await bandwidth.spend(100_000, signal);
  assert.ok(clock.ms - rested >= 1300, 'an hour of rest is worth half a second');
});

test('hours may go past midnight, and what is none is refused', () => {
  const at = (h: number, m: number) => new Date(2026, 0, 5, h, m).getTime();
  const night = readHours('22:30-06:00');
  const opens = (h: number, m: number) => isWithin(night, at(h, m));
  assert.deepEqual(
    [opens(22, 29), opens(22, 30), opens(0, 0), opens(5, 59), opens(6, 0)],
    [false, true, true, true, false],
  );
  const noon = readHours('11:00-13:00');
  assert.deepEqual(
    [isWithin(noon, at(10, 59)), isWithin(noon, at(12, 0)), isWithin(noon, at(13, 0))],
    [false, true, false],
  );
  assert.equal(isWithin(readHours(''), at(3, 0)), true);
  for (const text of ['22-6', '24:00-06:00', '06:00-06:00', 'always'])
    assert.throws(() => readHours(text), { code: 'invalid_config' }, text);
});

const planned = (title: string, more: Partial<FillTitle> = {}): FillTitle => ({
  ...{ title, number: 1, hashes: `titles/${title}/h`, sha256: 'x', size: 1, bytes: 100, whole: false },
  ...more,
});

test('openings come before films, each is done once, and a new publication is begun anew', () => {
  const list = new FillList(fakeClock(), 1000);
  list.follow([planned('hot', { whole: true }), planned('new')]);
  const names: string[] = [];
  for (let job = list.opening(); job; job = list.opening()) {
    names.push(job.title.title);
    list.done(job, 10);
  }
  assert.deepEqual(names, ['hot', 'new']);
  const rest = list.rest();
  assert.equal(rest?.title.title, 'hot');
  if (rest) list.done(rest, 90);
  assert.equal(list.rest(), undefined);
  list.follow([planned('hot', { whole: true, number: 2 }), planned('new')]);
  assert.equal(rest && list.isWanted(rest), false);
  assert.deepEqual([list.opening()?.title.number, list.rest()], [2, undefined]);
});

test('openings and films take their share of the cache and no more', () => {
  const list = new FillList(fakeClock(), 1000);
  list.follow([planned('large', { whole: true, bytes: 501 }), planned('small', { whole: true, bytes: 400 })]);
  for (let job = list.opening(); job; job = list.opening()) list.done(job, 125);
  assert.equal(list.rest()?.title.title, 'small');
  list.follow([...'abcde'].map((title) => planned(title)));
  let openings = 0;
  for (let job = list.opening(); job; job = list.opening(), openings++) list.done(job, 125);
  assert.equal(openings, 2);
});

test('what failed waits for its next try, and is given up in the end', () => {
  const clock = fakeClock();
  const list = new FillList(clock, 1000);
  list.follow([planned('a')]);
  for (let n = 1; n <= 5; n++) {
    const job = list.opening();
    assert.ok(job, `try ${n}`);
    assert.equal(list.failed(job), n === 5);
    assert.equal(list.opening(), undefined);
    clock.ms += 15_000;
  }
  assert.equal(list.opening(), undefined);
});

test('the most streamed titles are told first, once, and names that steering would refuse never', () => {
  const streams = new TitleStreams();
  streams.of('titles/a/1/x').bytes += 5;
  streams.of('titles/b/1/x').bytes += 7;
  streams.of('titles/a/2/y').bytes += 4;
  streams.of('titles/no name/1/x').bytes += 100;
  assert.deepEqual(streams.take(), [
    { title: 'a', bytes: 9 },
    { title: 'b', bytes: 7 },
  ]);
  assert.deepEqual(streams.take(), []);
  for (let n = 0; n < 60; n++) streams.of(`titles/t${n}/1/x`).bytes += n + 1;
  assert.equal(streams.take().length, 50);
  assert.equal(streams.take().length, 10);
});
