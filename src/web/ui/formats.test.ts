import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatTimeLeft,
  languageName,
  languageNames,
} from './formats.ts';

test('bytes keep three figures at most and never show a thousand of a unit', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1000), '1 kB');
  assert.equal(formatBytes(1_440_000_000), '1.4 GB');
  assert.equal(formatBytes(999_960), '1 MB');
  assert.equal(formatBytes(152_300_000), '152 MB');
});

test('durations name the units that matter', () => {
  assert.equal(formatDuration(32.4), '32 s');
  assert.equal(formatDuration(245), '4 min 5 s');
  assert.equal(formatDuration(15 * 60 + 10), '15 min');
  assert.equal(formatDuration(6120), '1 h 42 min');
  assert.equal(formatDuration(3599.7), '1 h');
});

test('time left is rounded, a share is never whole before its end', () => {
  assert.equal(formatTimeLeft(2), 'a moment left');
  assert.equal(formatTimeLeft(41), 'about 45 s left');
  assert.equal(formatTimeLeft(170), 'about 3 min left');
  assert.equal(formatPercent(0.9999), '99 %');
  assert.equal(formatPercent(1), '100 %');
});

test('languages have names for two- and three-letter codes, and odd codes stay', () => {
  assert.equal(languageName('de'), 'German');
  assert.equal(languageName('eng'), 'English');
  assert.equal(languageName('und'), 'Unknown language');
  assert.equal(languageName('not a code'), 'not a code');
  assert.equal(languageNames(['en', 'eng', 'de']), 'English and German');
});
