/** For tests only: the master that every player plays, short and with all that manifests can name. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeClip } from './services/encoder/test-clips.ts';

export const SECONDS = 19.5;
/** At 29.97 frames a second nothing is a round number. */
export const FRAMES = 585;
/** Of sound at 48 kHz, as long as the pictures. */
export const SAMPLES = Math.round(((FRAMES * 1001) / 30_000) * 48_000);

/** Two rungs of pictures, two languages of sound, two of captions with labels that need care. */
export async function makeMaster(folder: string): Promise<string> {
  const cues = '1\n00:00:01,000 --> 00:00:03,000\nfirst\n\n2\n00:00:15,000 --> 00:00:18,000\nlate\n';
  const captions = join(folder, 'captions.srt');
  await writeFile(captions, cues);
  const path = join(folder, 'master.mkv');
  // No moment of them is like another, so that a packet in the wrong place shows.
  const warble = (hertz: number) => `0.4*sin(${2 * Math.PI * hertz}*t+60*sin(8.6*t)+25*sin(32*t))`;
  const tone = (formula: string, rate: number) => `aevalsrc='${formula}':s=${rate}:d=${SECONDS}`;
  const tag = (stream: string, language: string, title: string) => [
    ...[`-metadata:s:${stream}`, `language=${language}`, `-metadata:s:${stream}`, `title=${title}`],
  ];
  await makeClip(
    ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=30000/1001:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', tone(`${warble(900)}|${warble(1400)}`, 48_000)],
    ...['-f', 'lavfi', '-i', tone(warble(700), 44_100)],
    ...['-i', captions, '-map', '0', '-map', '1', '-map', '2', '-map', '3', '-map', '3'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60', '-c:a', 'flac', '-c:s', 'srt'],
    ...[...tag('a:0', 'eng', 'English "stereo"'), ...tag('a:1', 'deu', 'Deutsch')],
    ...[
      ...tag('s:0', 'jpn', '字幕 <&>'),
      ...tag('s:1', 'eng', 'English'),
      '-disposition:s:1',
      'hearing_impaired',
    ],
    path,
  );
  return path;
}
