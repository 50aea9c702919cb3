/**
 * Who sees the first frame: our player in Chromium, or, where there is none, ffmpeg that decodes the first picture
 * through the edge. Both give the moment, in milliseconds since the epoch.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findBrowser, launchBrowser } from '../../test/e2e/browser.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;

export type Viewer = {
  what: string;
  /** Opens the title, which need not play yet, and waits for its first frame. */
  watch(web: string, title: string): Promise<number>;
  close(): Promise<void>;
};

export async function openViewer(): Promise<Viewer> {
  const path = await findBrowser();
  if (!path) return ffmpegViewer();
  const browser = await launchBrowser(path);
  return {
    what: 'first frame decoded in Chromium by our player, whose page is opened when the upload has ended',
    watch: async (web, title) => {
      const page = await browser.newPage();
      try {
        await page.goto(`${web}/watch/${title}`);
        const at = await page.waitForFunction(
          () => {
            const video = document.querySelector('video');
            return video && video.getVideoPlaybackQuality().totalVideoFrames > 0 ? Date.now() : false;
          },
          undefined,
          { timeout: LIMIT_MS, polling: 'raf' },
        );
        return (await at.jsonValue()) as number;
      } finally {
        await page.close();
      }
    },
    close: () => browser.close(),
  };
}

function ffmpegViewer(): Viewer {
  return {
    what: 'first frame decoded by ffmpeg through the edge, since no Chromium is installed',
    watch: async (web, title) => {
      const response = await fetch(`${web}/api/titles/${title}/play`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ waitS: 20 }),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      const { manifests } = (await response.json()) as { manifests: { hls: string } };
      const args = ['-nostdin', '-v', 'error', '-i', manifests.hls, '-frames:v', '1', '-f', 'null', '-'];
      await run('ffmpeg', args, { timeout: LIMIT_MS });
      return Date.now();
    },
    close: async () => undefined,
  };
}
