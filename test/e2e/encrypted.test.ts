/**
 * An encrypted title in a real browser: what edges hand out cannot be decoded without a licence, and the player asks
 * for one and plays, from the first light to the renditions that join it, by DASH and by HLS.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Play } from '../../src/contracts/plays.ts';
import type { Title } from '../../src/contracts/titles.ts';
import { getJson } from '../api.ts';
import { realClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { findBrowser, launchBrowser } from './browser.ts';

const executable = await findBrowser();
const clip = await realClip('sam2-dog-720p30.mp4');
const skip = executable ? (clip ? false : 'the shared media folder is not here') : 'no Chromium is installed';

let installation: Installation;
let browser: Browser;
before(async () => {
  if (skip) return;
  installation = await startInstallation({ env: { MATINEE_ENCRYPTION: 'cbcs', MATINEE_LADDER: 'standard' } });
  browser = await launchBrowser(executable as string);
});
after(async () => {
  await browser?.close();
  await installation?.close();
});

test('an encrypted film plays in the pages, by its licence alone', { skip, timeout: 240_000 }, async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(installation.web);
  await page.getByTestId('file-input').setInputFiles(clip as string);
  const card = page.getByTestId('title-card').first();
  await card.waitFor({ timeout: 15_000 });
  const id = (await card.getAttribute('data-title-id')) as string;
  const titleNow = () => getJson<Title>(`${installation.web}/api/titles/${id}`);
  const until = async (holds: (title: Title) => boolean) => {
    for (const end = Date.now() + 150_000; ; await page.waitForTimeout(300)) {
      const title = await titleNow();
      if (holds(title)) return title;
      assert.ok(Date.now() < end, JSON.stringify(title));
    }
  };
  await until(({ state }) => state === 'playable' || state === 'ready');
  await page.goto(`${installation.web}/title/${id}`);
  await page.getByTestId('play').first().click();
  await playing(page, 0.2);
  assert.ok(await page.locator(VIDEO).evaluate((video) => (video as HTMLVideoElement).mediaKeys !== null));

  await until(({ state }) => state === 'ready');
  const startPlay = async () => {
    const reply = await fetch(`${installation.web}/api/titles/${id}/play`, { method: 'POST', body: '{}' });
    return (await reply.json()) as Play;
  };
  const play = await startPlay();
  const licence = async (path: string, kids: string[]) =>
    fetch(installation.web + path, { method: 'POST', body: JSON.stringify({ kids }) });
  const manifest = await (await fetch(play.manifests.dash)).text();
  const keyIds = [...manifest.matchAll(/default_KID="([0-9a-f-]+)"/g)].map(([, id = '']) => id);
  assert.equal(new Set(keyIds).size, 3, 'sound, and pictures of two classes');
  const kids = keyIds.map((keyId) => Buffer.from(keyId.replaceAll('-', ''), 'hex').toString('base64url'));
  const path = play.licences?.clearKey as string;
  assert.equal((await licence(path, kids)).status, 200);
  assert.equal((await licence(path, [Buffer.alloc(16).toString('base64url')])).status, 404);
  await fetch(`${installation.web}/api/sessions/${play.session}`, { method: 'DELETE' });
  assert.equal((await licence(path, kids)).status, 404, 'a session that has ended gets none');

  for (const format of ['dash', 'hls']) {
    const asked: string[] = [];
    const one = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    one.on('request', (request) => asked.push(request.url()));
    one.on('pageerror', (error) => faults.push(`${format}: ${error}`));
    await one.goto(`${installation.web}/watch/${id}?format=${format}`);
    await playing(one, 1);
    await one.locator(VIDEO).evaluate((video) => {
      (video as HTMLVideoElement).currentTime = 8;
    });
    await playing(one, 9);
    const way = format === 'dash' ? /\/licences\/clearkey$/ : /\/licences\/identity\/[0-9a-f]{32}$/;
    assert.ok(
      asked.some((url) => way.test(url)),
      format,
    );
    assert.ok(asked.some((url) => url.includes('.m3u8')) === (format === 'hls'));
    await one.close();
  }
  assert.deepEqual(faults, []);
});

const VIDEO = '[data-testid=video]';

async function playing(page: Page, positionS: number): Promise<void> {
  await page.waitForFunction(
    ([selector, from]) => {
      const video = document.querySelector<HTMLVideoElement>(selector as string);
      return video !== null && video.readyState >= 3 && video.currentTime > Number(from);
    },
    [VIDEO, positionS] as const,
    { timeout: 30_000 },
  );
}
