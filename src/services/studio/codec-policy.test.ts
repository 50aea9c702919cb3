import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, type CodecPolicy, weighCodecs } from './codec-policy.ts';
import { planLadder } from './ladder.ts';
import { likelyBitsPerS } from './rung-rate.ts';
import { someInspection } from './studio.testing.ts';

const { video, durationS } = someInspection({ durationS: 600, width: 1920, height: 1080 });
const film = { video, frames: 600 * 24, durationS };
const rungs = planLadder(video).slice(1);
const prices = { coreHour: 0.05, egressGb: 0.02 };

function weigh(of: Partial<CodecPolicy>, on = film) {
  return weighCodecs(rungs, { ...allOf(['hevc', 'av1']), prices, ...of }, on, (rung) => likelyBitsPerS(rung));
}

test('a codec is made from the number of views on that pays for its processor time', () => {
  const [few] = weigh({ views: 1 }).decisions;
  assert.ok(few && !few.made && few.why === 'too-dear' && few.saved < few.cost, JSON.stringify(few));
  assert.deepEqual(weigh({ views: 1 }).rungs, []);
  const needed = few.viewsNeeded ?? 0;
  assert.ok(needed > 1);
  const [[below], [enough]] = [weigh({ views: needed - 1 }).decisions, weigh({ views: needed }).decisions];
  assert.deepEqual([below?.made, enough?.made, enough?.why], [false, true, 'pays']);
  assert.ok(weigh({ views: needed }).rungs.some(({ codec }) => codec === 'av1'));
  // Ten times dearer compute needs ten times the views.
  const [dear] = weigh({ views: 1, prices: { ...prices, coreHour: 0.5 } }).decisions;
  assert.ok(Math.abs((dear?.viewsNeeded ?? 0) / needed - 10) < 0.05);
});

test('beside AV1 HEVC is weighed by the devices that lack AV1 only', () => {
  const alone = weigh({ views: 1e6, codecs: ['hevc'] }).decisions[0];
  const [av1, beside] = weigh({ views: 1e6 }).decisions;
  assert.deepEqual([av1?.codec, av1?.made, beside?.codec], ['av1', true, 'hevc']);
  assert.ok((beside?.savedBytes ?? 0) < (alone?.savedBytes ?? 0));
});

test('what own titles saved takes the place of what is stated', () => {
  const stated = weigh({ views: 1000, codecs: ['av1'] }).decisions[0];
  const measured = weigh({ views: 1000, codecs: ['av1'], savings: { av1: 0.45 } }).decisions[0];
  assert.deepEqual(
    [stated?.savingFrom, measured?.savingFrom, measured?.saving],
    ['stated', 'measured', 0.45],
  );
  assert.equal(measured?.savedBytes, Math.round(((stated?.savedBytes ?? 0) / (stated?.saving ?? 1)) * 0.45));
  const nothing = weigh({ views: 1000, codecs: ['av1'], savings: { av1: 0 } }).decisions[0];
  assert.deepEqual([nothing?.made, nothing?.viewsNeeded], [false, null]);
});

test('without prices all are made; a master in high dynamic range keeps it in one codec whatever it costs', () => {
  const all = weighCodecs(rungs, allOf(['hevc', 'av1']), film, (rung) => likelyBitsPerS(rung));
  assert.deepEqual([all.decisions, all.rungs.length], [[], 6]);
  const wide = { ...film, video: { ...video, colour: 'pq' as const } };
  assert.deepEqual(
    weigh({ views: 0 }, wide).decisions.map(({ codec, made, why }) => [codec, made, why]),
    [
      ['av1', true, 'range'],
      ['hevc', false, 'too-dear'],
    ],
  );
});
