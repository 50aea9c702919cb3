import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TitleRow } from './tables.ts';
import { applyReport } from './title-state.ts';

const row = (values: Partial<TitleRow>) =>
  ({ state: 'ingesting', progress: 0.4, publication: null, reason: null, ...values }) as TitleRow;
const published = {} as NonNullable<TitleRow['publication']>;

test('progress never falls within one master', () => {
  assert.equal(applyReport(row({}), { progress: 0.2 }).progress, 0.4);
  assert.equal(applyReport(row({}), { progress: 0.5 }).progress, 0.5);
  assert.equal(applyReport(row({}), {}).progress, 0.4);
});

test('a ready title is whole and has nothing left to wait for', () => {
  const change = applyReport(row({ publication: published }), { state: 'ready', progress: 0.9, etaS: 5 });
  assert.deepEqual([change.state, change.progress, change.eta_s], ['ready', 1, null]);
});

test('a title that begins anew begins at the bottom and forgets its refusal', () => {
  const refused = row({ state: 'refused', progress: 0.9, reason: 'bad', reason_code: 'truncated' });
  const change = applyReport(refused, { state: 'ingesting', progress: 0.1 });
  assert.deepEqual([change.state, change.progress, change.reason], ['ingesting', 0.1, null]);
});

test('a published title keeps playing whatever becomes of a newer master', () => {
  const ready = row({ state: 'ready', progress: 1, publication: published });
  for (const state of ['uploading', 'ingesting', 'playable'] as const)
    assert.equal(applyReport(ready, { state, progress: 0.1 }).state, 'playable');
  const refused = applyReport(ready, { state: 'refused', reason: 'cut off', reasonCode: 'truncated' });
  assert.deepEqual([refused.state, refused.progress, refused.reason], ['ready', 1, 'cut off']);
});

test('a title that has nothing published is never told to be playable', () => {
  for (const state of ['playable', 'ready'] as const)
    assert.equal(applyReport(row({}), { state, progress: 0.9 }).state, 'ingesting');
});
