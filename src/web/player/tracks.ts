/** Reads Shaka's tracks as the choices of menus, and makes a choice come true. */
import type { AudioChoice, Quality, TextChoice } from './film-state.ts';
import type { ShakaPlayer } from './shaka-engine.ts';
import { audioName, qualityName, textName } from './track-names.ts';

type VideoTrack = ReturnType<ShakaPlayer['getVideoTracks']>[number];
type AudioTrack = ReturnType<ShakaPlayer['getAudioTracks']>[number];
type TextTrack = ReturnType<ShakaPlayer['getTextTracks']>[number];

/** Seconds of what is buffered that are played before a chosen quality shows, so that choosing does not stall. */
const KEPT_S = 4;

export function readQualities(engine: ShakaPlayer): { all: Quality[]; playing: Quality | null } {
  const byName = new Map<string, Quality>();
  let playing: Quality | null = null;
  for (const track of engine.getVideoTracks()) {
    const quality = qualityOf(track);
    if (track.active) playing = quality;
    const known = byName.get(quality.name);
    if (!known || known.bitsPerS < quality.bitsPerS) byName.set(quality.name, quality);
  }
  return { all: [...byName.values()].sort((a, b) => b.height - a.height), playing };
}

/**
 * A chosen quality is a restriction of the automatic choice to one size. Shaka's own way to choose a rendition also
 * makes its exact codec string the preferred one, which differs between the renditions of a film, so that the
 * automatic choice would know no other afterwards.
 */
export function chooseQuality(engine: ShakaPlayer, name: string): void {
  const chosen = readQualities(engine).all.find((quality) => quality.name === name);
  engine.configure({
    abr: {
      restrictions: chosen ? onlySizeOf(chosen) : ANY_SIZE,
      restrictToElementSize: !chosen,
      restrictToScreenSize: !chosen,
      // Who chooses does not want to see the rest of the other quality out of the buffer.
      clearBufferSwitch: true,
      safeMarginSwitch: KEPT_S,
    },
  });
}

const ANY_SIZE = {
  minWidth: 0,
  minHeight: 0,
  maxWidth: Number.POSITIVE_INFINITY,
  maxHeight: Number.POSITIVE_INFINITY,
};

function onlySizeOf({ width, height }: Quality): typeof ANY_SIZE {
  return { minWidth: width, minHeight: height, maxWidth: width, maxHeight: height };
}

export function readAudio(engine: ShakaPlayer): AudioChoice[] {
  return engine.getAudioTracks().map((track, index) => ({
    id: audioId(track, index),
    name: audioName({
      language: track.language,
      label: track.label,
      channels: track.channelsCount,
      purpose: track.accessibilityPurpose,
    }),
    language: track.language,
    active: track.active,
  }));
}

export function chooseAudio(engine: ShakaPlayer, id: string): AudioTrack | undefined {
  const track = engine.getAudioTracks().find((each, index) => audioId(each, index) === id);
  if (track && !track.active) engine.selectAudioTrack(track, KEPT_S);
  return track;
}

export function readTexts(engine: ShakaPlayer): TextChoice[] {
  return engine.getTextTracks().map((track) => ({
    id: String(track.id),
    name: textName({
      language: track.language,
      label: track.label,
      channels: null,
      purpose: track.accessibilityPurpose,
    }),
    language: track.language,
    active: track.active,
  }));
}

export function chooseText(engine: ShakaPlayer, id: string | null): TextTrack | undefined {
  const track = engine.getTextTracks().find((each) => String(each.id) === id);
  engine.selectTextTrack(track ?? null);
  return track;
}

function qualityOf(track: VideoTrack): Quality {
  const width = track.width ?? 0;
  const height = track.height ?? 0;
  return { name: qualityName(width, height), width, height, bitsPerS: track.bandwidth };
}

/** Several tracks of one language differ in label or in their place in the list. */
function audioId(track: AudioTrack, index: number): string {
  return `${track.language}/${track.label ?? ''}/${track.id ?? index}`;
}
