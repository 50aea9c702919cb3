/**
 * A Shaka manifest parser that can join a newer manifest of the same film into the one that plays. It reads both
 * with Shaka's own parser and keeps that of each alive, since segment lists are made when they are first needed.
 */
import type Shaka from 'shaka-player/dist/shaka-player.dash-es2021.js';
import { type Durations, type Joined, joinManifests } from './manifest-join.ts';
import type { ManifestFormat, ShakaModule } from './shaka-engine.ts';

type Parser = Shaka.extern.ManifestParser;
type PlayerInterface = Shaka.extern.ManifestParser.PlayerInterface;

export type JoiningParsers = {
  /** The type to load manifests with, so that this parser is chosen. */
  mimeType: string;
  /** Joins the manifest at that address into the one that plays. */
  join(url: string, durations: Durations): Promise<Joined>;
  unregister(): void;
};

/** A film has a handful of renditions; more publications than this mean that something is wrong. */
const JOINED_MAX = 20;

export function registerJoiningParser(
  shaka: ShakaModule,
  format: ManifestFormat,
  name: string,
): JoiningParsers {
  const { ManifestParser } = shaka.media;
  // A type of its own, so that two players in one page do not share a parser.
  const mimeType = `application/x-matinee-${format}-${name}`.toLowerCase();
  const makeParser = (): Parser =>
    format === 'dash'
      ? new shaka.dash.DashParser()
      : new (shaka as unknown as { hls: { HlsParser: new () => Parser } }).hls.HlsParser();
  let current: JoiningParser | undefined;
  ManifestParser.registerParserByMime(mimeType, () => {
    const made = createJoiningParser(makeParser, () => {
      current = made;
    });
    return made.parser;
  });
  return {
    mimeType,
    join: (url, durations) => current?.join(url, durations) ?? Promise.resolve({ way: 'reload' }),
    unregister: () => ManifestParser.unregisterParserByMime(mimeType),
  };
}

type JoiningParser = { parser: Parser; join: JoiningParsers['join'] };

function createJoiningParser(makeParser: () => Parser, onStart: () => void): JoiningParser {
  const first = makeParser();
  const all = [first];
  let manifest: Shaka.extern.Manifest | undefined;
  let playerInterface: PlayerInterface | undefined;
  let config: Shaka.extern.ManifestConfiguration | undefined;
  const parser: Parser = {
    configure: (next, isPreload) => {
      config = next;
      for (const each of all) each.configure(next, isPreload);
    },
    start: async (url, given) => {
      playerInterface = given;
      manifest = await first.start(url, given);
      onStart();
      return manifest;
    },
    stop: () => Promise.all(all.map((each) => each.stop())),
    update: () => first.update(),
    onExpirationUpdated: (session, expiration) => first.onExpirationUpdated(session, expiration),
    onInitialVariantChosen: (variant) => first.onInitialVariantChosen(variant),
    banLocation: (url) => {
      for (const each of all) each.banLocation(url);
    },
    setMediaElement: (element) => first.setMediaElement(element),
  };
  const join: JoiningParsers['join'] = async (url, durations) => {
    if (!manifest || !playerInterface || !config || all.length > JOINED_MAX) return { way: 'reload' };
    const second = makeParser();
    second.configure(config, () => false);
    try {
      const next: Shaka.extern.Manifest = await second.start(url, quiet(playerInterface));
      const joined = joinManifests(manifest, next, durations);
      if (joined.way === 'joined') all.push(second);
      else await second.stop();
      return joined;
    } catch (error) {
      await second.stop();
      throw error;
    }
  };
  return { parser, join };
}

/** The second parser may fetch and filter, but what it finds is not yet what plays. */
function quiet(given: PlayerInterface): PlayerInterface {
  return {
    ...given,
    onEvent: () => false,
    onError: () => undefined,
    onManifestUpdated: () => undefined,
    onTimelineRegionAdded: () => undefined,
    updateDuration: () => undefined,
  };
}
