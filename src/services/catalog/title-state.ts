/**
 * What a report of the studio makes of a title. Pure.
 *
 * A title that has been published keeps playing whatever becomes of a newer master: it never goes back to
 * uploading, ingesting or refused. While a newer master is in the works it is `playable`; one that was refused
 * leaves it `ready`, with the reason. The other way round, a title that has nothing published is neither `playable`
 * nor `ready`, whatever is reported. Progress never falls, except where the title begins anew.
 */
import type { TitleState } from '../../contracts/titles.ts';
import type { TitleRow } from './tables.ts';

export type TitleReport = {
  state?: TitleState;
  stage?: string;
  progress?: number;
  etaS?: number | null;
  durationS?: number | null;
  playableS?: number | null;
  width?: number | null;
  height?: number | null;
  reason?: string | null;
  reasonCode?: string | null;
  bytes?: number | null;
  bytesExpected?: number | null;
};

export type TitleChange = Partial<Omit<TitleRow, 'id' | 'created_at' | 'removed_at' | 'publication'>>;

export function applyReport(row: TitleRow, report: TitleReport): TitleChange {
  const state = report.state === undefined ? row.state : stateOf(report.state, row.publication !== null);
  const ended = state === 'ready' || state === 'refused';
  const change: TitleChange = {
    state,
    progress: progressOf(row, state, report.progress),
    ...(report.stage === undefined ? {} : { stage: report.stage }),
    ...(report.etaS === undefined ? {} : { eta_s: report.etaS }),
    ...(report.durationS === undefined ? {} : { duration_s: report.durationS }),
    ...(report.playableS === undefined ? {} : { playable_s: report.playableS }),
    ...(report.width === undefined ? {} : { width: report.width }),
    ...(report.height === undefined ? {} : { height: report.height }),
    ...(report.reason === undefined ? {} : { reason: report.reason }),
    ...(report.reasonCode === undefined ? {} : { reason_code: report.reasonCode }),
    ...(report.bytes === undefined ? {} : { bytes: report.bytes }),
    ...(report.bytesExpected === undefined ? {} : { bytes_expected: report.bytesExpected }),
  };
  if (ended) change.eta_s = null;
  // A new beginning forgets why an older master was refused.
  if (!ended && report.reason === undefined && beginsAnew(row.state, state))
    Object.assign(change, { reason: null, reason_code: null });
  return change;
}

function stateOf(reported: TitleState, published: boolean): TitleState {
  if (!published) return reported === 'playable' || reported === 'ready' ? 'ingesting' : reported;
  if (reported === 'uploading' || reported === 'ingesting') return 'playable';
  return reported === 'refused' ? 'ready' : reported;
}

function progressOf(row: TitleRow, state: TitleState, reported: number | undefined): number {
  if (state === 'ready') return 1;
  if (beginsAnew(row.state, state)) return reported ?? 0;
  return Math.max(row.progress, reported ?? 0);
}

function beginsAnew(before: TitleState, after: TitleState): boolean {
  const ended = (state: TitleState) => state === 'ready' || state === 'refused';
  return ended(before) && !ended(after);
}
