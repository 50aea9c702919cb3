/** The buttons that go a little back and on, with how far written into the arrow. */
import { RotateCcw, RotateCw } from 'lucide-react';
import type { FilmActions } from './film-actions.ts';
import { IconButton } from './icon-button.tsx';

export const JUMP_S = 10;

export function JumpBack({ actions }: { actions: FilmActions }) {
  return (
    <IconButton
      label={`Back ${JUMP_S} seconds`}
      shortcut="J"
      className="jump"
      onClick={() => actions.seekBy(-JUMP_S)}
    >
      <RotateCcw />
      <span aria-hidden="true">{JUMP_S}</span>
    </IconButton>
  );
}

export function JumpOn({ actions }: { actions: FilmActions }) {
  return (
    <IconButton
      label={`On ${JUMP_S} seconds`}
      shortcut="L"
      className="jump"
      onClick={() => actions.seekBy(JUMP_S)}
    >
      <RotateCw />
      <span aria-hidden="true">{JUMP_S}</span>
    </IconButton>
  );
}
