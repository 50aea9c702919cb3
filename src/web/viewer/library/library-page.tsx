/** The library: what is coming, what is showing, what was turned away, as one wall that arrow keys walk through. */
import './library.css';
import { type KeyboardEvent, useDeferredValue, useRef } from 'react';
import { useSearchParams } from 'wouter';
import type { Title } from '../../../contracts/titles.ts';
import { usePoller } from '../polling/use-poller.ts';
import { usePageTitle } from '../shell/navigation.ts';
import { useServices } from '../shell/services.ts';
import { AwayNotice } from './away-notice.tsx';
import { EmptyLibrary, Invitation } from './empty-library.tsx';
import { searchTitles } from './search.ts';
import { TitleCard } from './title-card.tsx';
import { isPlayable } from './title-words.ts';
import { useStateAnnouncements } from './use-state-announcements.ts';
import { isWallKey, nextCard } from './wall-keys.ts';

/** With more films than this, a wall speaks for itself. */
const FEW = 3;

export function LibraryPage() {
  const { library } = useServices();
  const { value: titles, away } = usePoller(library);
  const [query] = useSearchParams();
  const sought = useDeferredValue(query.get('q') ?? '');
  usePageTitle(null);
  useStateAnnouncements(titles);
  return (
    <div className="library">
      <h1 className="visually-hidden">Library</h1>
      <AwayNotice away={away} loaded={titles !== undefined} />
      {titles && titles.length > 0 ? (
        <Wall titles={searchTitles(titles, sought)} searching={sought !== ''} />
      ) : null}
      {titles && titles.length > 0 && titles.length <= FEW ? <Invitation /> : null}
      {titles?.length === 0 ? <EmptyLibrary /> : null}
      {titles === undefined && !away ? <p className="library-loading">Opening the library…</p> : null}
    </div>
  );
}

function Wall({ titles, searching }: { titles: readonly Title[]; searching: boolean }) {
  const wall = useRef<HTMLDivElement>(null);
  const coming = titles.filter(({ state }) => state === 'uploading' || state === 'ingesting');
  const showing = titles.filter(isPlayable);
  const refused = titles.filter(({ state }) => state === 'refused');
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isWallKey(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const links = [...(wall.current?.querySelectorAll<HTMLElement>('.card-link') ?? [])];
    const current = links.indexOf(document.activeElement as HTMLElement);
    if (current < 0) return;
    event.preventDefault();
    const boxes = links.map((link) => (link.closest('.card') as HTMLElement).getBoundingClientRect());
    links[nextCard(boxes, current, event.key)]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys move between links, which are interactive themselves.
    <div className="wall" ref={wall} onKeyDown={onKeyDown}>
      <Shelf name="Coming soon" titles={coming} moving />
      <Shelf name="Now showing" titles={showing} feature={!searching} />
      <Shelf name="Turned away" titles={refused} />
      {searching ? (
        <p className={titles.length === 0 ? 'library-loading' : 'visually-hidden'} role="status">
          {titles.length === 0 ? 'No film of that name.' : `${titles.length} found`}
        </p>
      ) : null}
    </div>
  );
}

type ShelfProps = { name: string; titles: readonly Title[]; feature?: boolean; moving?: boolean };

function Shelf({ name, titles, feature = false, moving = false }: ShelfProps) {
  if (titles.length === 0) return null;
  return (
    <section className="shelf" aria-label={name}>
      <h2 className={moving ? 'marquee moving' : 'marquee'}>
        <span>{name}</span>
      </h2>
      <ul className="cards">
        {titles.map((title, index) => (
          <TitleCard key={title.id} title={title} feature={feature && index === 0} />
        ))}
      </ul>
    </section>
  );
}
