/** For tests only: inspections to plan from. */
import type { Inspection, Rung } from '../../contracts/tasks.ts';

import type { Ladder } from './plan.ts';

type Video = Inspection['video'];
type Audio = Inspection['audio'][number];
type Text = Inspection['text'][number];

export function someInspection(
  of: Partial<Pick<Inspection, 'durationS' | 'startS' | 'audio' | 'text'> & Video> = {},
): Inspection {
  const { durationS = 10, startS = 0, audio = [], text = [], ...video } = of;
  return {
    container: 'mov,mp4',
    durationS,
    startS,
    bitsPerS: 1_000_000,
    video: {
      ...{ index: 0, codec: 'h264', width: 640, height: 360, rotation: 0, frameRate: { num: 24, den: 1 } },
      ...{ variableFrameRate: false, interlaced: false, pixelFormat: 'yuv420p', bitDepth: 8 },
      ...{ colour: 'sdr', fullRange: false },
      ...video,
    },
    audio,
    text,
    notes: [],
  };
}

export function someAudio(of: Partial<Audio> & { index: number }): Audio {
  return {
    ...{ codec: 'aac', channels: 2, sampleRate: 48_000, language: 'und', label: '', default: false },
    audioDescription: false,
    ...of,
  };
}

export function someText(of: Partial<Text> & { index: number }): Text {
  return {
    ...{ codec: 'subrip', language: 'und', label: '', default: false, forced: false, hearingImpaired: false },
    ...of,
  };
}

export function someRung(of: Partial<Rung> = {}): Rung {
  return { name: '360p', width: 640, height: 360, crf: 27, bitsPerSMax: 800_000, preset: 'veryfast', ...of };
}

/** The ladder that needs no analysis. */
export const STANDARD: Ladder = { name: 'standard', preset: { kind: 'standard' } };
