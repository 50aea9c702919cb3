/**
 * Whether renditions in a newer codec are worth making for a film: the egress that they save, for the views expected,
 * against the processor time that they take. What is assumed is in docs/decisions/codec-policy.md. Pure.
 */
import type { CodecDecision } from '../../contracts/jobs.ts';
import type { Inspection, Rung } from '../../contracts/tasks.ts';
import { encodeCost } from './cost.ts';
import { inOtherCodecs, type OtherCodec } from './other-codecs.ts';
import { type Factors, NO_FACTORS, workKeys } from './past-work.ts';

export type Prices = { coreHour: number; egressGb: number };

export type CodecPolicy = {
  /** Those that may be made; all of them are where there are no prices to weigh them by. */
  codecs: readonly OtherCodec[];
  prices?: Prices | undefined;
  views: number;
  /** What the installation's own titles saved, where there are enough of them. */
  savings: Partial<Record<OtherCodec, number>>;
  cpu: Factors;
};

/** All of them, whatever they cost. */
export const allOf = (codecs: readonly OtherCodec[]): CodecPolicy => ({
  ...{ codecs, views: 0, savings: {}, cpu: NO_FACTORS },
});

/** Part of the bits of H.264 that is saved at about the same picture, until own titles tell. */
const SAVING: Readonly<Record<OtherCodec, number>> = { hevc: 0.25, av1: 0.15 };
/** Part of the views on devices that take the codec. With both there, HEVC has those only that lack AV1. */
const REACH: Readonly<Record<OtherCodec, number>> = { av1: 0.6, hevc: 0.5 };
const REACH_BESIDE_AV1 = 0.25;
/** Part of a film that a view lasts. */
const WATCHED = 0.7;
/** The top rung has this part of the viewing time, the next one this part of the rest, and so on. */
const TOP_SHARE = 0.5;

export type Weighed = { rungs: Rung[]; decisions: CodecDecision[] };
type Film = { video: Inspection['video']; frames: number; durationS: number };

/** `rungs` are those of H.264 that are made besides the lowest, from low to high. */
export function weighCodecs(
  rungs: readonly Rung[],
  policy: CodecPolicy,
  { video, frames, durationS }: Film,
  bitsPerS: (rung: Rung) => number,
): Weighed {
  const { prices, views, savings } = policy;
  if (!prices) return { rungs: inOtherCodecs(rungs, policy.codecs, video), decisions: [] };
  const chosen: Rung[] = [];
  const decisions: CodecDecision[] = [];
  for (const codec of (['av1', 'hevc'] as const).filter((one) => policy.codecs.includes(one))) {
    const made = inOtherCodecs(rungs, [codec], video);
    if (made.length === 0) continue;
    const beside = codec === 'hevc' && decisions.some((one) => one.codec === 'av1' && one.made);
    const saving = savings[codec] ?? SAVING[codec];
    const reach = beside ? REACH_BESIDE_AV1 : REACH[codec];
    const replaced = rungs.filter(({ name }) => made.some((rung) => rung.name === `${name}-${codec}`));
    const bytesAView = replaced.reduce((sum, rung) => sum + (bitsPerS(rung) * shareOf(rung, rungs)) / 8, 0);
    const bytesSavedAView = reach * saving * bytesAView * durationS * WATCHED;
    const savedBytes = views * bytesSavedAView;
    const pixels = video.width * video.height;
    const cpuS = made.reduce(
      (sum, rung) =>
        sum + (encodeCost(frames, pixels, rung) * policy.cpu(workKeys('encode-video', rung))) / 1000,
      0,
    );
    const savedAView = (bytesSavedAView / 1e9) * prices.egressGb;
    const saved = views * savedAView;
    const cost = (cpuS / 3600) * prices.coreHour;
    // A range that no H.264 rendition shows is worth more than bits.
    const keepsRange = video.colour !== 'sdr' && !decisions.some((one) => one.made);
    const isMade = saved >= cost || keepsRange;
    decisions.push({
      ...{ codec, made: isMade, views, reach, saving },
      savingFrom: savings[codec] === undefined ? 'stated' : 'measured',
      ...{ savedBytes: Math.round(savedBytes), cpuS: Math.round(cpuS * 10) / 10, saved, cost },
      why: saved >= cost ? 'pays' : keepsRange ? 'range' : 'too-dear',
      viewsNeeded: savedAView > 0 ? Math.ceil(cost / savedAView) : null,
    });
    if (isMade) chosen.push(...made);
  }
  return { rungs: chosen, decisions };
}

/** Part of the viewing time that a rung has among those of H.264; what is left after the last is the lowest one's. */
function shareOf(rung: Rung, rungs: readonly Rung[]): number {
  const fromTop = rungs.length - 1 - rungs.findIndex(({ name }) => name === rung.name);
  return TOP_SHARE * (1 - TOP_SHARE) ** fromTop;
}
