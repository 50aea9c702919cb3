/**
 * Changes of page: a short cross-fade where the browser can do one and the viewer likes motion; the new page at
 * its top; the focus where a keyboard goes on from.
 */
import { useEffect, useRef } from 'react';
import { flushSync } from 'react-dom';
import type { AroundNavHandler } from 'wouter';

export const aroundNavigation: AroundNavHandler = (navigate, to, options) => {
  const go = () => {
    navigate(to, options);
    if (!options?.replace) window.scrollTo(0, 0);
  };
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  // The watch page comes in as a chunk of its own and is black from its first moment: nothing to fade.
  if (still || options?.replace || to.startsWith('/watch/') || !document.startViewTransition) return go();
  document.startViewTransition(() => flushSync(go));
};

/** Where the link of a title's card is found again when the viewer comes back. */
export function cardLinkId(titleId: string): string {
  return `film-${titleId}`;
}

/** After a change of page, focuses the card one came back from, else the new page's main part. */
export function useFocusOnNavigation(path: string): void {
  const before = useRef(path);
  useEffect(() => {
    const left = before.current;
    if (left === path) return;
    before.current = path;
    const titleId = /^\/(?:title|watch)\/([^/]+)/.exec(left)?.[1];
    const card = path === '/' && titleId ? document.getElementById(cardLinkId(titleId)) : null;
    if (card) card.focus();
    else document.getElementById('main')?.focus({ preventScroll: true });
  }, [path]);
}

export function usePageTitle(title: string | null): void {
  useEffect(() => {
    document.title = title === null ? 'Matinee' : `${title} · Matinee`;
  }, [title]);
}
