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
  const tracks = engine.getAudioTracks();
  return onePerSound(tracks).map((track) => ({
    id: audioId(track, tracks.indexOf(track)),
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

type Sound = Pick<AudioTrack, 'language' | 'label' | 'channelsCount' | 'codecs' | 'active'>;

/** The same sound in several codecs is one choice: as what plays is coded, or as the first is that can be decoded. */
export function onePerSound<T extends Sound>(tracks: readonly T[]): T[] {
  const familyOf = ({ codecs }: Sound) => codecs?.split('.')[0];
  const playing = tracks.find(({ active }) => active);
  const alike = Map.groupBy(tracks, ({ language, label, channelsCount }) =>
    JSON.stringify([language, label, channelsCount]),
  );
  return [...alike.values()].flatMap((all) => {
    const coded = all.find((one) => playing && familyOf(one) === familyOf(playing));
    return all.find(({ active }) => active) ?? coded ?? all[0] ?? [];
  });
}

export function chooseAudio(engine: ShakaPlayer, id: string): AudioTrack | undefined {
  const track = engine.getAudioTracks().find((each, index) => audioId(each, index) === id);
  const text = engine.getTextTracks().find(({ active }) => active);
  if (track && !track.active) engine.selectAudioTrack(track, KEPT_S);
  // Forced captions go with the sound.
  if (track && (text === undefined || text.forced)) chooseText(engine, null);
  return track;
}

/**
 * The tracks of the menu. A text that is there as WebVTT and as IMSC is offered once; forced ones are not chosen but
 * shown where no others are.
 */
export function menuTexts(tracks: readonly TextTrack[]): TextTrack[] {
  const isTwin = (one: TextTrack) =>
    isImsc(one) && tracks.some((other) => !isImsc(other) && textName(named(other)) === textName(named(one)));
  return tracks.filter((track) => !track.forced && !isTwin(track));
}

export function readTexts(engine: ShakaPlayer): TextChoice[] {
  return menuTexts(engine.getTextTracks()).map((track) => ({
    ...{ id: String(track.id), name: textName(named(track)) },
    ...{ language: track.language, active: track.active },
  }));
}

/** Gives the track that was chosen. Without one, what viewers of this sound cannot do without is shown. */
export function chooseText(engine: ShakaPlayer, id: string | null): TextTrack | undefined {
  const track = engine.getTextTracks().find((each) => String(each.id) === id);
  engine.selectTextTrack(track ?? forcedText(engine) ?? null);
  return track;
}

/** Translations of foreign dialogue and signs, in the language of the sound. */
function forcedText(engine: ShakaPlayer): TextTrack | undefined {
  const language = engine.getAudioTracks().find(({ active }) => active)?.language;
  return engine
    .getTextTracks()
    .find(
      (track) => track.forced && !isImsc(track) && (track.language === language || track.language === 'und'),
    );
}

/** The same captions among the tracks of a film that was loaded again. */
export function sameText(engine: ShakaPlayer, before: TextTrack | undefined): TextTrack | undefined {
  if (!before) return undefined;
  return engine
    .getTextTracks()
    .find(
      (track) =>
        track.language === before.language &&
        track.forced === before.forced &&
        isImsc(track) === isImsc(before),
    );
}

const isImsc = ({ codecs }: TextTrack) => codecs?.startsWith('stpp') ?? false;

const named = ({ language, label, accessibilityPurpose: purpose }: TextTrack) => ({
  ...{ language, label, channels: null, purpose },
});

function qualityOf(track: VideoTrack): Quality {
  const width = track.width ?? 0;
  const height = track.height ?? 0;
  return { name: qualityName(width, height), width, height, bitsPerS: track.bandwidth };
}

/** Several tracks of one language differ in label or in their place in the list. */
function audioId(track: AudioTrack, index: number): string {
  return `${track.language}/${track.label ?? ''}/${track.id ?? index}`;
}
