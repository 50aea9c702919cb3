/** What inspection found in a master, in words. Pure. */
import type { MasterReport } from '../../../contracts/masters.ts';
import type { Inspection } from '../../../contracts/tasks.ts';
import { formatDuration, languageName } from '../../ui/formats.ts';
import { formatRate } from '../jobs/job-words.ts';

export type Fact = readonly [label: string, words: string];
export type FactGroup = { heading: string; facts: Fact[] };

const CONTAINERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bmov\b/, 'MP4 or QuickTime'],
  [/matroska|webm/, 'Matroska or WebM'],
  [/^mxf/, 'MXF'],
  [/^mpegts/, 'MPEG transport stream'],
  [/^mpeg/, 'MPEG program stream'],
];
const CODECS: Readonly<Record<string, string>> = {
  ...{
    h264: 'H.264',
    hevc: 'HEVC',
    av1: 'AV1',
    vp9: 'VP9',
    vp8: 'VP8',
    prores: 'ProRes',
    dnxhd: 'DNxHD or DNxHR',
  },
  ...{ mpeg2video: 'MPEG-2', mpeg4: 'MPEG-4 Part 2', aac: 'AAC', ac3: 'AC-3', eac3: 'E-AC-3', opus: 'Opus' },
  ...{ flac: 'FLAC', mp2: 'MPEG Layer II', mp3: 'MP3', subrip: 'SubRip', mov_text: '3GPP timed text' },
  ...{ webvtt: 'WebVTT', eia_608: 'CEA-608 in the pictures' },
};
const RANGES = {
  sdr: 'standard dynamic range',
  pq: 'high dynamic range (PQ)',
  hlg: 'high dynamic range (HLG)',
};
/** Less is what a clean camera or a coder leaves. */
const GRAIN_SEEN = 0.5;
const GRAIN_STRONG = 4;

export function factsOf(found: Inspection): FactGroup[] {
  const { audio, text, chapters = [] } = found;
  return [
    { heading: 'File', facts: fileFacts(found) },
    { heading: 'Picture', facts: pictureFacts(found.video) },
    { heading: audio.length === 0 ? 'Sound: none' : 'Sound', facts: audio.map(soundFact) },
    ...(text.length === 0 ? [] : [{ heading: 'Captions', facts: text.map(textFact) }]),
    ...(chapters.length === 0 ? [] : [{ heading: 'Chapters', facts: [chapterFact(chapters)] }]),
  ];
}

function fileFacts({ container, durationS, bitsPerS, startS }: Inspection): Fact[] {
  const known = CONTAINERS.find(([pattern]) => pattern.test(container))?.[1];
  return [
    ['Container', known ?? container],
    ['Running time', formatDuration(durationS)],
    ...(bitsPerS === null ? [] : [['Data rate', formatRate(bitsPerS)] as const]),
    ...(Math.abs(startS) < 0.1
      ? []
      : [['First picture at', `${startS.toFixed(3)} s of the file's clock`] as const]),
  ];
}

function pictureFacts(video: Inspection['video']): Fact[] {
  const { num, den } = video.frameRate;
  const rate = Number((num / den).toFixed(3));
  const { primaries, transfer, matrix, crop, grain } = video;
  const named = [primaries, transfer, matrix].filter((name) => name !== undefined);
  return [
    ['Coding', `${codecName(video.codec)}, ${video.bitDepth} bits, ${video.pixelFormat}`],
    ['Size as shown', `${video.width} × ${video.height}`],
    ...(video.rotation === 0 ? [] : [['Turned by', `${video.rotation}°`] as const]),
    ['Frames', `${rate} a second, ${cadenceWords(video)}`],
    ['Colour', `${RANGES[video.colour]}, ${video.fullRange ? 'full' : 'video'} levels`],
    ...(named.length === 0 ? [] : [['Colour as stated', [...new Set(named)].join(', ')] as const]),
    ...(crop === undefined ? [] : [['Black bars', cropWords(crop)] as const]),
    ...(grain === undefined ? [] : [['Grain', grainWords(grain)] as const]),
  ];
}

function cadenceWords({ cadence, variableFrameRate, interlaced, firstField }: Inspection['video']): string {
  if (cadence === 'telecine')
    return firstField ? 'freed of 3:2 pulldown' : 'freed of repeat flags (soft 3:2 pulldown)';
  if (interlaced) return 'interlaced, which is undone';
  return variableFrameRate ? 'brought to an even pace from a varying one' : 'evenly paced';
}

function cropWords(crop: Inspection['video']['crop']): string {
  return crop ? `cut off, ${crop.width} × ${crop.height} remain` : 'none';
}

function grainWords(grain: number): string {
  if (grain < GRAIN_SEEN) return 'none to speak of';
  return `${grain < GRAIN_STRONG ? 'some' : 'strong'}, ${grain.toFixed(1)} of 255 steps`;
}

function soundFact(track: Inspection['audio'][number], at: number): Fact {
  const words = [
    codecName(track.codec),
    track.layout ?? `${track.channels} channels`,
    `${Number((track.sampleRate / 1000).toFixed(1))} kHz`,
    loudnessWords(track.loudness),
  ];
  const traits = [track.label, track.audioDescription ? 'audio description' : ''].filter(
    (word) => word !== '',
  );
  return [
    `${at + 1}. ${[languageName(track.language), ...traits].join(', ')}`,
    words.filter(Boolean).join(', '),
  ];
}

function loudnessWords(loudness: Inspection['audio'][number]['loudness']): string {
  if (loudness === undefined) return '';
  if (loudness === null) return 'silent where it was listened to';
  return `about ${loudness.integratedLufs.toFixed(1)} LUFS, true peak ${loudness.truePeakDb.toFixed(1)} dBTP`;
}

function textFact(track: Inspection['text'][number], at: number): Fact {
  const traits = [track.forced ? 'forced' : '', track.hearingImpaired ? 'for the deaf' : ''];
  const words = [languageName(track.language), track.label, ...traits].filter((word) => word !== '');
  return [`${at + 1}. ${words.join(', ')}`, codecName(track.codec)];
}

function chapterFact(chapters: NonNullable<Inspection['chapters']>): Fact {
  const titles = chapters.map(({ title }, at) => title || `Chapter ${at + 1}`);
  return [String(chapters.length), titles.slice(0, 8).join(', ') + (titles.length > 8 ? ' …' : '')];
}

function codecName(codec: string): string {
  return CODECS[codec] ?? (codec.startsWith('pcm_') ? 'PCM' : codec);
}

/** What stands in place of facts. */
export function stateWords({ state, inspection, reason, reasonCode }: MasterReport): string | null {
  if (inspection !== null) return null;
  if (state === 'inspecting') return 'The master is being inspected.';
  if (reason === null) return 'The master was not inspected to its end.';
  return reasonCode === null ? reason : `${reason} (${reasonCode})`;
}
