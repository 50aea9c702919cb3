/**
 * Shaka Player as this player uses it: loaded only when a film is played, in the build that holds the parser of
 * the wanted manifest and no other, and configured for a quick start and for edges that may vanish.
 */
import type Shaka from 'shaka-player/dist/shaka-player.dash-es2021.js';
import { PROGRESS_BYTES } from './request-patience.ts';

export type ShakaModule = typeof Shaka;
export type ShakaPlayer = Shaka.Player;
export type ManifestFormat = 'dash' | 'hls';

export async function loadShaka(format: ManifestFormat): Promise<ShakaModule> {
  const loaded =
    format === 'dash'
      ? await import('shaka-player/dist/shaka-player.dash-es2021.js')
      : await import('shaka-player/dist/shaka-player.hls-es2021.js');
  // The builds differ in the parser that they hold; their types are the same by name only.
  return loaded.default as unknown as ShakaModule;
}

/** Low enough to start on a slow line; from the second film on what was measured last counts. */
const FIRST_BANDWIDTH_BITS_PER_S = 1_500_000;
/** The line may have become slower since. */
const REMEMBERED_PART = 0.8;

export function engineConfig(remembered: { bandwidth?: number; audioLanguage?: string }): object {
  const bandwidth = remembered.bandwidth
    ? remembered.bandwidth * REMEMBERED_PART
    : FIRST_BANDWIDTH_BITS_PER_S;
  // The next try goes to another edge, so it need not wait; how long each may take is set for each request.
  const retryParameters = {
    maxAttempts: 8,
    baseDelay: 50,
    backoffFactor: 1.6,
    fuzzFactor: 0.5,
    timeout: 60_000,
    connectionTimeout: 2500,
    stallTimeout: 5000,
  };
  return {
    abr: {
      defaultBandwidthEstimate: bandwidth,
      // What the browser thinks of the network is capped and shared by all sites; our own measure is better.
      useNetworkInformation: false,
      restrictToElementSize: true,
      restrictToScreenSize: true,
      switchInterval: 4,
    },
    manifest: { retryParameters },
    networking: { minBytesForProgressEvents: PROGRESS_BYTES },
    streaming: {
      retryParameters,
      bufferingGoal: 40,
      rebufferingGoal: 0.5,
      bufferBehind: 30,
      ignoreTextStreamFailures: true,
      // A rendition that could not be fetched is left alone for a moment only; mostly the network was to blame.
      maxDisabledTime: 10,
    },
    ...(remembered.audioLanguage ? { preferredAudio: [{ language: remembered.audioLanguage }] } : {}),
  };
}

/**
 * Safari gets HLS, which it can play without Media Source Extensions where it lacks them, and which AirPlay takes;
 * everybody else gets DASH, unless the address asks for HLS.
 */
export function manifestFormat(search: string, userAgent: string): ManifestFormat {
  const wanted = new URLSearchParams(search).get('format');
  if (wanted === 'hls' || wanted === 'dash') return wanted;
  const isSafari = /Safari\//.test(userAgent) && !/Chrom(e|ium)\/|Android|Edg\//.test(userAgent);
  return isSafari ? 'hls' : 'dash';
}
