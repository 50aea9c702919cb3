/** The keyboard of the watch page. */
import { useEffect, useEffectEvent } from 'react';
import { actionOf, type KeyAction } from '../../player/keys.ts';

/** Calls `onAction` for keys that mean something here; a button that the keyboard went to keeps Space for itself. */
export function useFilmKeys(onAction: (action: KeyAction) => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const target = event.target as HTMLElement | null;
    if (target?.closest('dialog')) return;
    if (event.key === ' ' && target?.matches(':focus-visible:is(button, a)')) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    onAction(action);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
}
