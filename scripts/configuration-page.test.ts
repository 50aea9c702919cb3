import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { configurationPage } from './configuration-page.ts';

test('the configuration page is what the settings say', async () => {
  const written = await readFile(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(written, configurationPage(), 'run: npm run docs');
});
