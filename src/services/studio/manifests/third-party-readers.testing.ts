/**
 * For tests only: manifests as they look to readers that others wrote: hls-parser in its strict mode, m3u8-parser and
 * mpd-parser of Video.js. What they warn of comes back as well as what they read.
 */
import { createRequire } from 'node:module';
import HLS from 'hls-parser';

const require = createRequire(import.meta.url);

export type ReadSegment = { uri: string; map: string | undefined; seconds: number; range?: string };

type M3u8Segment = {
  uri: string;
  duration: number;
  map?: { uri: string };
  byterange?: { offset: number; length: number };
};
type M3u8 = {
  manifest: {
    segments: M3u8Segment[];
    endList?: boolean;
    playlistType?: string;
    targetDuration?: number;
    playlists?: Array<{ uri: string; attributes: Record<string, unknown> }>;
    mediaGroups?: Record<string, Record<string, Record<string, { uri: string; default: boolean }>>>;
  };
  on(event: 'warn', listener: (warning: { message: string }) => void): void;
  push(text: string): void;
  end(): void;
};

/** As m3u8-parser reads a playlist. */
export function readWithM3u8Parser(text: string): { manifest: M3u8['manifest']; warnings: string[] } {
  const { Parser } = require('m3u8-parser') as { Parser: new () => M3u8 };
  const parser = new Parser();
  const warnings: string[] = [];
  parser.on('warn', ({ message }) => warnings.push(message));
  parser.push(text);
  parser.end();
  return { manifest: parser.manifest, warnings };
}

export function segmentsOfM3u8({ segments }: M3u8['manifest']): ReadSegment[] {
  return segments.map(({ uri, duration, map, byterange }) => ({
    ...{ uri, map: map?.uri, seconds: duration },
    ...(byterange ? { range: `${byterange.length}@${byterange.offset}` } : {}),
  }));
}

/** As hls-parser reads a playlist; in its strict mode it throws at what the rules forbid. */
export function readWithHlsParser(text: string): HLS.types.MasterPlaylist | HLS.types.MediaPlaylist {
  HLS.setOptions({ strictMode: true });
  return HLS.parse(text);
}

export function segmentsOfHls({ segments }: HLS.types.MediaPlaylist): ReadSegment[] {
  return segments.map(({ uri, duration, map, byterange }) => ({
    ...{ uri, map: map?.uri, seconds: duration },
    ...(byterange ? { range: `${byterange.length}@${byterange.offset}` } : {}),
  }));
}

type MpdSegment = { uri: string; duration: number; presentationTime: number; map?: { uri: string } };
type MpdPlaylist = { attributes: { NAME: string; CODECS?: string }; segments: MpdSegment[] };
type Mpd = {
  duration: number;
  minimumUpdatePeriod?: number;
  playlists: MpdPlaylist[];
  mediaGroups: Record<
    'AUDIO' | 'SUBTITLES',
    Record<string, Record<string, { language: string; default: boolean; playlists: MpdPlaylist[] }>>
  >;
};

/** As mpd-parser reads an MPD. */
export function readWithMpdParser(xml: string): { manifest: Mpd; warnings: string[] } {
  const { parse } = require('mpd-parser') as { parse(xml: string, options: object): Mpd };
  const warnings: string[] = [];
  const eventHandler = ({ type, message }: { type: string; message: string }) => {
    if (type === 'warn') warnings.push(message);
  };
  return { manifest: parse(xml, { manifestUri: '', eventHandler }), warnings };
}

export function segmentsOfMpd({ segments }: MpdPlaylist): ReadSegment[] {
  return segments.map(({ uri, duration, map }) => ({ uri, map: map?.uri, seconds: duration }));
}
