/** What a heartbeat says, read from the player's state. */
import type { FilmState } from './film-state.ts';
import type { PlayReport } from './play-session.ts';

export function reportOf(state: FilmState): PlayReport {
  const { phase, buffering, positionS, edge, stalls, playingQuality, bufferS } = state;
  const waits = phase === 'loading' || (phase === 'playing' && buffering);
  return {
    positionS: Math.max(0, positionS),
    state: waits ? 'buffering' : phase,
    bufferS: Math.max(0, bufferS),
    stalls,
    ...(edge ? { edge } : {}),
    ...(playingQuality ? { rendition: playingQuality.name } : {}),
  };
}
