/** A film's page: its still as a lit screen in a dark house, its name, what there is to know, and the play button. */
import './title.css';
import { ArrowLeft, Clapperboard, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Title } from '../../../contracts/titles.ts';
import { formatDuration } from '../../ui/formats.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { AwayNotice } from '../library/away-notice.tsx';
import { TitlePicture } from '../library/title-picture.tsx';
import { isPlayable, playsWords, progressWords, stageWords } from '../library/title-words.ts';
import { useStateAnnouncements } from '../library/use-state-announcements.ts';
import { isMoving } from '../polling/library-reader.ts';
import type { Poller } from '../polling/poller.ts';
import { usePageTitle } from '../shell/navigation.ts';
import { NotFoundPage } from '../shell/not-found-page.tsx';
import { useShortcuts } from '../shell/use-shortcuts.ts';
import { AboutMaster } from './about-master.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { TitleFacts } from './title-facts.tsx';
import { TitleName } from './title-name.tsx';
import { useTitle } from './use-title.ts';

export function TitlePage({ titleId }: { titleId: string }) {
  const { value: title, away, failure, poller } = useTitle(titleId);
  if (failure !== undefined) {
    return (
      <NotFoundPage heading="No such film" words="It is not in the library. Perhaps it has been taken out." />
    );
  }
  return (
    <div className="title-page">
      <AwayNotice away={away} loaded={title !== undefined} />
      {title ? <TitleView title={title} poller={poller} /> : null}
    </div>
  );
}

function TitleView({ title, poller }: { title: Title; poller: Poller<Title> }) {
  const [, navigate] = useLocation();
  const [deleting, setDeleting] = useState(false);
  const watch = `/watch/${title.id}`;
  const playable = isPlayable(title);
  usePageTitle(title.name);
  useStateAnnouncements([title]);
  const toLibrary = () => navigate('/');
  const play = () => navigate(watch);
  useShortcuts(playable ? { Escape: toLibrary, p: play } : { Escape: toLibrary });
  return (
    <article className="title">
      <Link href="/" className="title-back">
        <ArrowLeft aria-hidden="true" />
        Library
      </Link>
      <Screen title={title} />
      <div className="title-main">
        <TitleName title={title} poller={poller} />
        {title.state === 'refused' ? (
          <p className="title-reason" role="alert">
            {title.reason ?? 'This file cannot be played.'}
          </p>
        ) : null}
        {title.state !== 'refused' && title.reason !== null ? (
          <p className="title-note" role="status">
            {title.reason}
          </p>
        ) : null}
        {isMoving(title) ? <Preparation title={title} /> : null}
        <div className="title-actions">
          {playable || title.state === 'ingesting' ? (
            <Link href={watch} className="button primary large" data-testid="play">
              <Play aria-hidden="true" fill="currentColor" />
              {playable ? 'Play' : 'Play as soon as it can'}
            </Link>
          ) : null}
          <Link href={`/jobs?title=${title.id}`} className="button quiet large">
            <Clapperboard aria-hidden="true" />
            Encoding jobs
          </Link>
          <button type="button" className="button quiet large" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden="true" />
            Delete
          </button>
        </div>
      </div>
      <TitleFacts title={title} />
      <AboutMaster titleId={title.id} />
      {deleting ? <DeleteDialog title={title} onClose={() => setDeleting(false)} /> : null}
    </article>
  );
}

/** Proportions of the film itself; a very tall one is shown as a column in the middle. */
function Screen({ title }: { title: Title }) {
  const { width, height, poster } = title;
  const shape = width && height ? width / height : 16 / 9;
  return (
    <div className="screen" style={{ '--shape': String(shape) } as React.CSSProperties}>
      {poster ? <img className="screen-glow" src={poster} alt="" aria-hidden="true" /> : null}
      <div className="screen-picture">
        <TitlePicture title={title} eager />
      </div>
    </div>
  );
}

function Preparation({ title }: { title: Title }) {
  return (
    <div className="title-progress">
      <ProgressBar label={stageWords(title)} part={title.progress} />
      <p>
        <span>
          {[playsWords(title), stageWords(title)].filter((words) => words !== '').join('. ')}
          {title.durationS !== null && title.state !== 'playable'
            ? `, a film of ${formatDuration(title.durationS)}`
            : ''}
        </span>
        <span>{progressWords(title)}</span>
      </p>
    </div>
  );
}
