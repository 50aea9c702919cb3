/**
 * An upload that is broken off in a real browser: the tab is loaded anew while a part is under way, the same file
 * is chosen again, and only what the door has not acknowledged is sent.
 */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { titles } from '../api.ts';
import { makeClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { findBrowser, launchBrowser } from './browser.ts';

const executable = await findBrowser();
const skip = executable ? false : 'no Chromium is installed';
/** Three parts of 8 MiB, the last one shorter. */
const PADDING_BYTES = 20 * 2 ** 20;

let installation: Installation;
let browser: Browser;
let page: Page;
let folder: string;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'matinee-upload-'));
  installation = await startInstallation();
  browser = await launchBrowser(executable as string);
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await installation?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('a reloaded tab goes on with an upload and sends only the missing part', {
  skip,
  timeout: 180_000,
}, async () => {
  const film = await largeFilm(join(folder, 'broken off.mp4'));
  const sent: string[] = [];
  page.on('requestfinished', (request) => {
    if (request.method() === 'PUT') sent.push(partNumber(request.url()));
  });
  page.on('dialog', (dialog) => void dialog.accept());
  // The second part never leaves the browser, so that the break comes at a known place.
  const isHeld = (url: URL) => partNumber(url.href) === '2';
  await page.route(isHeld, () => undefined);
  await page.goto(installation.web);
  await page.getByTestId('file-input').setInputFiles(film);
  await waitUntil(() => sent.length === 2);
  assert.deepEqual(sent.toSorted(), ['1', '3']);

  await page.reload();
  const upload = page.getByTestId('upload');
  await upload.and(page.locator('[data-phase=interrupted]')).waitFor();
  assert.match((await upload.textContent()) ?? '', /Drop “broken off\.mp4” again/);
  await page.unroute(isHeld);
  sent.length = 0;
  await page.getByTestId('file-input').setInputFiles(film);
  await upload.and(page.locator('[data-phase=done]')).waitFor({ timeout: 30_000 });
  assert.deepEqual(sent, ['2']);

  await page.locator('[data-testid=title-card]:is([data-state=playable], [data-state=ready])').waitFor({
    timeout: 90_000,
  });
  const all = await titles(installation.web);
  assert.deepEqual(
    all.map(({ name, bytes }) => [name, bytes !== null && bytes > PADDING_BYTES]),
    [['broken off', true]],
  );
});

/** A short clip with a box at its end that players skip, so that it has the size of a longer one. */
async function largeFilm(file: string): Promise<string> {
  await makeClip(file, { seconds: 3 });
  const box = Buffer.alloc(PADDING_BYTES);
  box.writeUInt32BE(PADDING_BYTES, 0);
  box.write('free', 4, 'latin1');
  await appendFile(file, box);
  return file;
}

function partNumber(url: string): string {
  return new URL(url).searchParams.get('partNumber') ?? '';
}

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it did not come to pass in time');
    await page.waitForTimeout(50);
  }
}
