/** Play, pause, or from the start again, whichever the film can do now. */
import { Pause, Play, RotateCcw } from 'lucide-react';
import type { FilmState } from '../../player/film-state.ts';
import type { FilmActions } from './film-actions.ts';
import { IconButton } from './icon-button.tsx';

export function PlayButton({ phase, actions }: { phase: FilmState['phase']; actions: FilmActions }) {
  if (phase === 'ended') {
    return (
      <IconButton label="Watch again" shortcut="K" onClick={actions.togglePlay}>
        <RotateCcw />
      </IconButton>
    );
  }
  const plays = phase === 'playing';
  return (
    <IconButton label={plays ? 'Pause' : 'Play'} shortcut="K" onClick={actions.togglePlay}>
      {plays ? <Pause fill="currentColor" /> : <Play fill="currentColor" />}
    </IconButton>
  );
}
