/** For tests only: films without media, small enough that their manifests can be read. */
import type { PackagedTrack, ThumbnailSheets } from '../../../contracts/tasks.ts';
import type { Film, FilmAudio, FilmText, FilmVideo } from './film.ts';
import { composeManifests } from './manifests.ts';

type Segments = ReadonlyArray<readonly [ticks: number, bytes: number]>;

export function track(
  media: 'video' | 'audio',
  timescale: number,
  segments: Segments,
  more: Partial<PackagedTrack> = {},
): PackagedTrack {
  const rows = segments.map(([ticks, bytes], at) => {
    return { name: `${String(at + 1).padStart(5, '0')}.m4s`, ticks, bytes };
  });
  const rate = (bytes: number, ticks: number) => Math.ceil((bytes * 8 * timescale) / ticks);
  const sum = (key: 'ticks' | 'bytes') => rows.reduce((total, row) => total + row[key], 0);
  const long = rows.filter(({ ticks }) => 2 * ticks >= (rows[0]?.ticks ?? 0));
  return {
    ...{ media, timescale, init: 'init.mp4', startTicks: 0, segments: rows },
    codecs: media === 'video' ? 'avc1.64001e' : 'mp4a.40.2',
    bitsPerSPeak: Math.max(...long.map(({ bytes, ticks }) => rate(bytes, ticks))),
    bitsPerSMean: rate(sum('bytes'), sum('ticks')),
    ...(media === 'audio' ? { sampleRate: timescale, channels: 2 } : {}),
    ...more,
  };
}

/** 10 s at 24 frames a second: two segments of 4 s and one of 2 s. */
export function video(lines: number, scale = 1): FilmVideo {
  const size = { width: 2 * Math.round((lines * 8) / 9), height: lines, frameRate: { num: 24, den: 1 } };
  const segments: Segments = [
    [96_000, 100_000 * scale],
    [96_000, 50_000 * scale],
    [48_000, 30_000 * scale],
  ];
  return { name: `${lines}p`, path: `../${lines}p/1/`, track: track('video', 24_000, segments, size) };
}

/** The same 10 s as AAC packets of 1024 samples; the last packet is whole. */
export function audio(id: string, more: Partial<FilmAudio> = {}): FilmAudio {
  const segments: Segments = [
    [191_488, 64_000],
    [192_512, 64_000],
    [96_256, 32_000],
  ];
  const sound = track('audio', 48_000, segments);
  const kind = { language: 'en', label: 'English', default: false, audioDescription: false };
  return { id, path: `../${id}/1/`, track: sound, ...kind, ...more };
}

export function text(id: string, more: Partial<FilmText> = {}): FilmText {
  const kind = { language: 'en', label: 'English', default: false, forced: false, hearingImpaired: false };
  return { id, path: `../${id}/1/text.vtt`, ...kind, ...more };
}

function withKeys(video: FilmVideo): FilmVideo {
  const segments = video.track.segments.map(({ ticks }, at) => {
    return { name: `keys-${String(at + 1).padStart(5, '0')}.m4s`, ticks, bytes: 9000 };
  });
  const rates = { bitsPerSPeak: 36_000, bitsPerSMean: 21_600, frameRate: { num: 1, den: 4 } };
  return { ...video, keys: { ...video.track, ...rates, segments } };
}

/** 10 s of text documents, in segments of their own length. */
function imsc(): PackagedTrack {
  const segments = [
    { name: 'imsc-00001.m4s', ticks: 6000, bytes: 1100 },
    { name: 'imsc-00002.m4s', ticks: 4000, bytes: 900 },
  ];
  return {
    ...{
      media: 'text',
      codecs: 'stpp.ttml.im1t',
      timescale: 1000,
      init: 'imsc-init.mp4',
      startTicks: 0,
      segments,
    },
    ...{ bitsPerSPeak: 1800, bitsPerSMean: 1600 },
  };
}

export const SHEETS: ThumbnailSheets = {
  ...{ files: ['sheet-00001.jpg', 'sheet-00002.jpg'], columns: 2, rows: 2, width: 160, height: 90 },
  ...{ everyS: 2, count: 5 },
};

export function film(more: Partial<Film> = {}): Film {
  return { durationS: 10, video: [video(360)], audio: [], text: [], thumbnails: null, ...more };
}

/** A film with everything: three rungs, three audio tracks, four text tracks, thumbnails. */
export function richFilm(): Film {
  return film({
    video: [video(240), withKeys(video(480, 3)), video(720, 9)],
    audio: [
      audio('a1', { default: true }),
      audio('a2', { language: 'de', label: 'Deutsch "Kino"' }),
      audio('a3', { label: 'English\r\ndescribed', audioDescription: true }),
    ],
    text: [
      text('t4', { default: true }),
      text('t5', { label: 'English', hearingImpaired: true, imsc: { path: '../t5/1/', track: imsc() } }),
      text('t6', { language: 'ja', label: '日本語 <字幕> & "引用"' }),
      text('t7', { language: 'und', label: '', forced: true }),
    ],
    thumbnails: { path: '../images/1/', sheets: SHEETS },
  });
}

const coded = <T extends { track: PackagedTrack }>(one: T, more: Partial<PackagedTrack>) => ({
  ...one,
  track: { ...one.track, ...more },
});

/** H.264 and HEVC in SDR, AV1 in PQ; the same English sound and the same talk as AAC, as E-AC-3 5.1, and as Opus. */
export function manyCodecs(): Film {
  const sound = { language: 'en', label: 'English' };
  const talk = { language: 'en', label: 'English (commentary)', commentary: true };
  return film({
    video: [
      video(360),
      { ...coded(video(480), { codecs: 'hvc1.1.6.L93.B0' }), name: '480p-hevc', path: '../480p-hevc/1/' },
      { ...coded(video(720), { codecs: 'av01.0.08M.10.0.110.09.16.09.0' }), range: 'pq' },
    ],
    audio: [
      coded(audio('a2', sound), { codecs: 'ec-3', channels: 6 }),
      audio('a1', { ...sound, default: true }),
      audio('a4', talk),
      coded(audio('a3', sound), { codecs: 'opus' }),
      coded(audio('a5', talk), { codecs: 'ec-3' }),
      coded(audio('a6', talk), { codecs: 'opus' }),
    ],
  });
}

/** Every file that the film's tracks are made of, by its address relative to the manifests, and its size. */
export function mediaFiles(film: Film): Map<string, number> {
  const files = new Map<string, number>();
  const keys = film.video.flatMap(({ path, keys }) => (keys ? [{ path, track: keys }] : []));
  for (const { path, track } of [...film.video, ...keys, ...film.audio]) {
    files.set(path + track.init, 800);
    for (const { name, bytes } of track.segments) files.set(path + name, bytes);
  }
  for (const { path, imsc: parts } of film.text) {
    files.set(path, 500);
    if (!parts) continue;
    files.set(parts.path + parts.track.init, 600);
    for (const { name, bytes } of parts.track.segments) files.set(parts.path + name, bytes);
  }
  for (const name of film.thumbnails?.sheets.files ?? []) files.set(film.thumbnails?.path + name, 4_000);
  return files;
}

/** The text of one manifest of a film. */
export function manifestOf(film: Film, name: string): string {
  const found = composeManifests(film).files.find((file) => file.name === name);
  if (!found) throw new Error(`${name} was not written`);
  return found.text;
}

/** All HLS playlists of a film by name. */
export function playlistsOf(film: Film): Map<string, string> {
  const { files } = composeManifests(film);
  const playlists = files.filter(({ contentType }) => contentType === 'application/vnd.apple.mpegurl');
  return new Map(playlists.map(({ name, text }) => [name, text]));
}
