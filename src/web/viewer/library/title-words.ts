/** What a title's state is called, in few words. */
import type { Title } from '../../../contracts/titles.ts';
import { formatDuration, formatPercent, formatTimeLeft } from '../../ui/formats.ts';

/** "Plays now, 12 of 120 minutes" while a title grows, "Plays now" while only better renditions are still to come. */
export function playsWords({ state, playableS, durationS }: Title): string {
  if (state !== 'playable') return '';
  if (playableS === null || durationS === null) return 'Plays now';
  const inMinutes = durationS >= 120;
  const unit = inMinutes ? 60 : 1;
  const [there, all] = [Math.floor(playableS / unit), Math.round(durationS / unit)];
  return `Plays now, ${there} of ${all} ${inMinutes ? 'minutes' : 'seconds'}`;
}

/** "Encoding 720p", or what the state is called while no stage has been told. */
export function stageWords({ state, stage }: Title): string {
  if (stage !== '') return stage;
  if (state === 'uploading') return 'Uploading';
  if (state === 'ingesting') return 'Being prepared';
  return state === 'playable' ? 'More renditions to come' : '';
}

export function progressWords({ progress, etaS }: Title): string {
  return etaS === null ? formatPercent(progress) : `${formatPercent(progress)}, ${formatTimeLeft(etaS)}`;
}

/** "1 h 42 min · 1080p". */
export function factWords({ durationS, renditions }: Title): string {
  const best = bestRendition(renditions);
  return [durationS === null ? null : formatDuration(durationS), best].filter(Boolean).join(' · ');
}

/** Sizes from large to small. Of several renditions of one size, which are numbered, people are told once. */
export function sortedRenditions(renditions: readonly string[]): string[] {
  const sizes = new Set(renditions.map((name) => name.replace(/-\d+$/, '')));
  return [...sizes].sort((a, b) => lines(b) - lines(a));
}

export function bestRendition(renditions: readonly string[]): string | null {
  return sortedRenditions(renditions)[0] ?? null;
}

export function isPlayable({ state }: Title): boolean {
  return state === 'playable' || state === 'ready';
}

function lines(rendition: string): number {
  return Number.parseInt(rendition, 10) || 0;
}
