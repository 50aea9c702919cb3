/**
 * What a film's sound becomes. Every track is there as AAC stereo, which every browser plays and which the first light
 * has; besides it, where it is asked for, all tracks in E-AC-3 if the master brings surround, and all of them in Opus. A
 * codec has all tracks or none, since the groups of HLS must have the same members. Pure.
 */
import type { Inspection } from '../../contracts/tasks.ts';

type Stream = Inspection['audio'][number];
export type SoundCodec = 'eac3' | 'opus';
/** `codec` is absent of the AAC track. */
export type AudioPlan = { id: string; stream: Stream; codec?: SoundCodec; channels?: number };

/** Whatever a master has becomes stereo in AAC. */
export const CHANNELS = 2;
const SURROUND_CHANNELS = 6;

/** Bits per second, by whether the source has one channel. */
export function stereoBits({ channels }: Pick<Stream, 'channels'>): number {
  return channels === 1 ? 96_000 : 128_000;
}

/** Those of AAC first, in the order of the master. */
export function planSound(streams: readonly Stream[], codecs: readonly SoundCodec[]): AudioPlan[] {
  const isSurround = streams.some(hasSurround);
  return [
    ...streams.map((stream): AudioPlan => ({ id: `a${stream.index}`, stream })),
    ...codecs
      .filter((codec) => codec !== 'eac3' || isSurround)
      .flatMap((codec) =>
        streams.map((stream): AudioPlan => {
          const channels = codec === 'eac3' && hasSurround(stream) ? SURROUND_CHANNELS : CHANNELS;
          return { id: `a${stream.index}-${codec}`, stream, codec, channels };
        }),
      ),
  ];
}

/** Six channels or more with one for the low end; what has no layout stated is what six channels mostly are. */
function hasSurround({ channels, layout }: Stream): boolean {
  return channels >= SURROUND_CHANNELS && (layout === undefined || /^[5-7]\.1/.test(layout));
}

/** What a track is encoded as. Rates are those at which each codec is hard to tell from the master. */
export function soundOutput({ stream, codec, channels = CHANNELS }: AudioPlan) {
  if (codec === undefined) return { channels, bitsPerS: stereoBits(stream) };
  if (codec === 'opus') return { codec, channels, bitsPerS: stream.channels === 1 ? 64_000 : 96_000 };
  return { codec, channels, bitsPerS: channels === SURROUND_CHANNELS ? 384_000 : 160_000 };
}
