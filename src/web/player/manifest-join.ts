/**
 * Joins what a newer publication of a film has into the manifest that is playing, so that the next segment can be
 * of a better rendition and nothing is loaded again. Shaka lets a manifest parser change its manifest while it
 * plays, as it must for live television; the same is done here when renditions are published one after another.
 * Pure: it changes the first manifest and does no I/O.
 */
export type StreamLike = {
  id: number;
  originalId: string | null;
  type: string;
  language: string;
  bandwidth?: number;
  codecs: string;
  height?: number;
  channelsCount: number | null;
  label: string | null;
};

export type VariantLike<S extends StreamLike> = {
  id: number;
  bandwidth: number;
  language: string;
  audio: S | null;
  video: S | null;
};

export type ManifestLike<S extends StreamLike, V extends VariantLike<S>> = {
  variants: V[];
  textStreams: S[];
  imageStreams: S[];
};

/** `reload`: the two differ in more than what was added, so that only loading the newer one shows it. */
export type Joined = { way: 'joined' | 'unchanged' | 'reload' };

/** As the server tells them: a parser of HLS does not know its length before it has read a media playlist. */
export type Durations = { presentS: number; nextS: number };

/** Two lengths of one film differ by rounding only. */
const DURATION_TOLERANCE_S = 0.5;
/** Parsers count ids from small numbers; each joined manifest gets a range of its own. */
const IDS_PER_MANIFEST = 100_000;

export function joinManifests<S extends StreamLike, V extends VariantLike<S>>(
  present: ManifestLike<S, V>,
  next: ManifestLike<S, V>,
  durations: Durations,
): Joined {
  const videos = streams(present.variants, 'video');
  const audios = streams(present.variants, 'audio');
  const nextVideos = streams(next.variants, 'video');
  const nextAudios = streams(next.variants, 'audio');
  const sameKinds =
    videos.length > 0 === nextVideos.length > 0 && audios.length > 0 === nextAudios.length > 0;
  const sameLength = Math.abs(durations.presentS - durations.nextS) <= DURATION_TOLERANCE_S;
  if (!sameKinds || !sameLength) return { way: 'reload' };

  learnRates(present, next);
  const offset = (Math.floor(highestId(present) / IDS_PER_MANIFEST) + 1) * IDS_PER_MANIFEST;
  const newVideos = missing(videos, nextVideos);
  const newAudios = missing(audios, nextAudios);
  const newTexts = missing(present.textStreams, next.textStreams);
  const newImages = missing(present.imageStreams, next.imageStreams);
  const added = [...newVideos, ...newAudios, ...newTexts, ...newImages];
  if (added.length === 0) return { way: 'unchanged' };
  for (const stream of added) stream.id += offset;

  const known = new Map([...videos, ...audios].map((stream) => [keyOf(stream), stream]));
  const kept = (stream: S | null) => (stream ? (known.get(keyOf(stream)) ?? stream) : null);
  const isNew = new Set(added);
  const newVariants = next.variants
    .map((variant) => ({ ...variant, audio: kept(variant.audio), video: kept(variant.video) }))
    .filter(({ audio, video }) => (audio && isNew.has(audio)) || (video && isNew.has(video)))
    .map((variant) => ({ ...variant, id: variant.id + offset }));
  present.variants = [...present.variants, ...newVariants];
  present.textStreams = [...present.textStreams, ...newTexts];
  present.imageStreams = [...present.imageStreams, ...newImages];
  return { way: 'joined' };
}

/**
 * The rates of what both manifests have become those of the newer one: while a film grows they are only assumed, and
 * an automatic choice by assumed rates would never leave a rendition that it takes for the largest.
 */
function learnRates<S extends StreamLike, V extends VariantLike<S>>(
  present: ManifestLike<S, V>,
  next: ManifestLike<S, V>,
): void {
  const signOf = ({ audio, video }: V) => JSON.stringify([audio && keyOf(audio), video && keyOf(video)]);
  const told = new Map(next.variants.map((variant) => [signOf(variant), variant]));
  for (const variant of present.variants) {
    const newer = told.get(signOf(variant));
    if (!newer) continue;
    variant.bandwidth = newer.bandwidth;
    for (const kind of ['audio', 'video'] as const) {
      const [own, other] = [variant[kind], newer[kind]];
      if (own?.originalId && other?.bandwidth !== undefined) own.bandwidth = other.bandwidth;
    }
  }
}

function streams<S extends StreamLike>(variants: readonly VariantLike<S>[], kind: 'audio' | 'video'): S[] {
  return [...new Set(variants.map((variant) => variant[kind]).filter((stream) => stream !== null))];
}

function missing<S extends StreamLike>(present: readonly S[], next: readonly S[]): S[] {
  const keys = new Set(present.map(keyOf));
  return next.filter((stream) => !keys.has(keyOf(stream)));
}

/** What makes a stream the same in two publications, whose representations keep their ids. */
function keyOf(stream: StreamLike): string {
  const name = stream.originalId ?? [stream.codecs, stream.height, stream.channelsCount, stream.bandwidth];
  return JSON.stringify([stream.type, name, stream.language, stream.label]);
}

function highestId<S extends StreamLike, V extends VariantLike<S>>(manifest: ManifestLike<S, V>): number {
  const all = [
    ...manifest.variants.flatMap(({ id, audio, video }) => [id, audio?.id ?? 0, video?.id ?? 0]),
    ...manifest.textStreams.map(({ id }) => id),
    ...manifest.imageStreams.map(({ id }) => id),
  ];
  return Math.max(0, ...all);
}
