/** Sentences about jobs that the page of operators and the report both say. Pure. */
import type { CodecDecision } from './jobs.ts';

const NAMES: Readonly<Record<CodecDecision['codec'], string>> = { hevc: 'HEVC', av1: 'AV1' };

/** "+12 %": how far the estimate was above what came; nothing where either is missing. */
export function offBy(estimate: number | null | undefined, actual: number | null | undefined): string {
  if (estimate == null || actual == null || actual === 0) return '';
  const percent = Math.round((estimate / actual - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** "AV1 is not made: 1,000 views save 12.1 GB worth 0.60, its 700 s of processor time cost 0.90. …" */
export function codecWords(one: CodecDecision): string {
  const { codec, made, why, views, saving, savingFrom, reach, savedBytes, cpuS, saved, cost } = one;
  const percent = (part: number) => `${Math.round(part * 100)} %`;
  const verdict = made ? 'is made' : 'is not made';
  const range = why === 'range' ? ', since no other rendition keeps the range of the master' : '';
  const from = savingFrom === 'measured' ? 'as on titles before' : 'as stated';
  const enough =
    one.viewsNeeded === null ? '' : ` It pays from ${one.viewsNeeded.toLocaleString('en')} views on.`;
  return (
    `${NAMES[codec]} ${verdict}${range}: ${views.toLocaleString('en')} views, ${percent(reach)} of them on devices ` +
    `that take it, save ${percent(saving)} of the bits (${from}), ${(savedBytes / 1e9).toFixed(2)} GB worth ` +
    `${saved.toPrecision(3)}; ${cpuS.toFixed(0)} s of processor time cost ${cost.toPrecision(3)}.${enough}`
  );
}
