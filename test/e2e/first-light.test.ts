/**
 * A viewer's whole journey in a real browser: drop a film on the library, see it become playable, press play while it
 * is still being made, go ahead of what there is, be moved up to better renditions, and go on watching when the edge
 * that serves it is killed.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Title } from '../../src/contracts/titles.ts';
import { getJson } from '../api.ts';
import { realClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { findUnit } from '../processes.ts';
import { findBrowser, launchBrowser } from './browser.ts';

const executable = await findBrowser();
/** 139 s at 10 frames a second: long enough to seek beyond any buffer, quick to encode. */
const clip = await realClip('intel-person-432p10.mp4');
const skip = executable ? (clip ? false : 'the shared media folder is not here') : 'no Chromium is installed';

let installation: Installation;
let browser: Browser;
let page: Page;
const faults: string[] = [];

before(async () => {
  if (skip) return;
  installation = await startInstallation();
  browser = await launchBrowser(executable as string);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => faults.push(String(error)));
});
after(async () => {
  await browser?.close();
  await installation?.close();
});

test('a film dropped on the library plays while it is made, is moved up, and outlives its edge', {
  skip,
  timeout: 360_000,
}, async () => {
  await page.goto(installation.web);
  await page.getByTestId('file-input').setInputFiles(clip as string);
  const card = page.getByTestId('title-card');
  await card.first().waitFor({ timeout: 15_000 });
  await page.waitForFunction(
    () =>
      ['playable', 'ready'].includes(
        document.querySelector('[data-testid=title-card]')?.getAttribute('data-state') ?? '',
      ),
    undefined,
    { timeout: 120_000 },
  );
  const id = await card.first().getAttribute('data-title-id');
  await page.goto(`${installation.web}/title/${id}`);
  await page.getByTestId('play').first().click();
  await playing(0.2);
  assert.equal((await titleNow(id)).state, 'playable');

  // Beyond what there is: the studio makes that part first, and the film goes on there.
  await seek(120);
  await playing(121);
  await seek(0.5);
  await playing(2);

  const before = await frames();
  await page.waitForTimeout(1500);
  assert.ok((await frames()) > before, 'the picture moves');

  await page.keyboard.press('i');
  const stats = page.getByTestId('stats');
  await stats.waitFor();
  // Better renditions join the film that plays: no stall, and nobody does anything for it. They wait for an analysis.
  for (const end = Date.now() + 150_000; (await titleNow(id)).renditions.length < 2; ) {
    assert.ok(Date.now() < end, `no second rendition came: ${JSON.stringify(await titleNow(id))}`);
    await page.waitForTimeout(500);
  }
  await page.waitForFunction(
    () =>
      /Quality(?!240p)\d+p.*Stalls0/s.test(document.querySelector('[data-testid=stats]')?.textContent ?? ''),
    undefined,
    { timeout: 60_000 },
  );
  const edge = (await stats.getAttribute('data-edge')) ?? '';
  assert.match(edge, /^edge-\d+$/);
  process.kill(await findUnit(installation.pids(), `--port=${edge.slice('edge-'.length)}`), 'SIGKILL');
  await seek(100);
  await playing(102);
  const other = (await stats.getAttribute('data-edge')) ?? '';
  assert.match(other, /^edge-\d+$/);
  assert.notEqual(other, edge);
  assert.deepEqual(faults, []);
});

async function titleNow(id: string | null): Promise<Title> {
  return getJson<Title>(`${installation.web}/api/titles/${id}`);
}

const VIDEO = '[data-testid=video]';

/** Waits until the film stands beyond `positionS` and runs. */
async function playing(positionS: number): Promise<void> {
  await page.waitForFunction(
    ([selector, from]) => {
      const video = document.querySelector<HTMLVideoElement>(selector as string);
      return video !== null && !video.paused && video.readyState >= 3 && video.currentTime > Number(from);
    },
    [VIDEO, positionS] as const,
    { timeout: 30_000 },
  );
}

async function seek(positionS: number): Promise<void> {
  await page.locator(VIDEO).evaluate((video, to) => {
    (video as HTMLVideoElement).currentTime = to;
  }, positionS);
}

async function frames(): Promise<number> {
  return page
    .locator(VIDEO)
    .evaluate((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames);
}
