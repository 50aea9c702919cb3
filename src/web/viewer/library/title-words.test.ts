import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestRendition, sortedRenditions } from './title-words.ts';

test('people are told each size once, the largest first', () => {
  const renditions = ['240p', '432p-2', '432p', '720p-3', '720p-2', '720p', '1080p'];
  assert.deepEqual(sortedRenditions(renditions), ['1080p', '720p', '432p', '240p']);
  assert.equal(bestRendition(renditions), '1080p');
  assert.equal(bestRendition([]), null);
});
