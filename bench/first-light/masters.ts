/** Masters of any length, from one real clip that is repeated without being encoded anew. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLIP = fileURLToPath(new URL('../../../shared/media/bbb-720p-90s.mp4', import.meta.url));
const MAKE_LIMIT_MS = 300_000;

/** Its index lies at its end, as cameras and most programs write it. */
export async function makeMaster(folder: string, seconds: number): Promise<string> {
  const file = join(folder, `${seconds}-s.mp4`);
  const clip = existsSync(CLIP) ? CLIP : await drawnClip(folder);
  const copy = ['-stream_loop', '-1', '-i', clip, '-t', String(seconds), '-c', 'copy', file];
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...copy], { timeout: MAKE_LIMIT_MS });
  return file;
}

/** Where the real clip is not at hand: moving pictures with grain and a tone, which are harder to encode. */
async function drawnClip(folder: string): Promise<string> {
  const file = join(folder, 'drawn.mp4');
  if (existsSync(file)) return file;
  const picture = 'testsrc2=size=1280x720:rate=24:duration=30,noise=alls=12:allf=t';
  await run(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', picture],
      ...['-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=48000:duration=30'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', file],
    ],
    { timeout: MAKE_LIMIT_MS },
  );
  return file;
}
