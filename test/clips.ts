/** Small masters made with ffmpeg at test time, and where the real clips are. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Moving test pictures with a tone, quick to encode. */
export async function makeClip(
  file: string,
  options: { seconds?: number; size?: string; rate?: string; audio?: boolean; extra?: string[] } = {},
): Promise<string> {
  const { seconds = 6, size = '320x180', rate = '24', audio = true, extra = [] } = options;
  const sound = audio
    ? ['-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${seconds}`]
    : [];
  await run('ffmpeg', [
    ...[
      '-nostdin',
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
    ],
    ...sound,
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ...(audio ? ['-c:a', 'aac', '-b:a', '64k', '-shortest'] : []),
    ...extra,
    file,
  ]);
  return file;
}

/** A real clip of the shared media folder, or undefined where that is not at hand. */
export async function realClip(name: string): Promise<string | undefined> {
  const path = fileURLToPath(new URL(`../../shared/media/${name}`, import.meta.url));
  return access(path).then(
    () => path,
    () => undefined,
  );
}
