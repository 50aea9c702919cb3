/** Says to assistive programs when a film becomes playable, is ready or is refused; never each percent. */
import { useEffect, useRef } from 'react';
import type { Title } from '../../../contracts/titles.ts';
import { useActions } from '../shell/actions.ts';

export function useStateAnnouncements(titles: readonly Title[] | undefined): void {
  const { announce } = useActions();
  const known = useRef<ReadonlyMap<string, Title['state']> | null>(null);
  useEffect(() => {
    if (!titles) return;
    const before = known.current;
    known.current = new Map(titles.map(({ id, state }) => [id, state]));
    if (!before) return;
    const lines = titles.filter(({ id, state }) => before.get(id) !== state).map(changeWords);
    const spoken = lines.filter(Boolean).slice(0, 3).join(' ');
    if (spoken !== '') announce(spoken);
  }, [titles, announce]);
}

function changeWords({ name, state, reason }: Title): string {
  if (state === 'playable') return `${name} can be played now.`;
  if (state === 'ready') return `${name} is ready.`;
  if (state === 'refused') return `${name} was turned away: ${reason ?? 'it cannot be played.'}`;
  return '';
}
