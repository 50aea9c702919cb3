/** One film on the wall. The whole card is its link; progress and a refusal's reason stand below the name. */
import { Ban, Play } from 'lucide-react';
import { memo, useRef } from 'react';
import { Link } from 'wouter';
import type { Title } from '../../../contracts/titles.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { isMoving } from '../polling/library-reader.ts';
import { cardLinkId } from '../shell/navigation.ts';
import { TitlePicture } from './title-picture.tsx';
import { factWords, isPlayable, playsWords, progressWords, stageWords } from './title-words.ts';

export type TitleCardProps = { title: Title; feature?: boolean };

export const TitleCard = memo(function TitleCard({ title, feature = false }: TitleCardProps) {
  const picture = useRef<HTMLDivElement>(null);
  const { id, name, state } = title;
  const facts = factWords(title);
  return (
    <li
      className={feature ? 'card feature' : 'card'}
      data-testid="title-card"
      data-title-id={id}
      data-state={state}
    >
      <div className="card-picture" ref={picture}>
        <TitlePicture title={title} eager={feature} />
        {isPlayable(title) ? (
          <span className="card-play" aria-hidden="true">
            <Play />
          </span>
        ) : null}
        {state === 'refused' ? (
          <span className="card-refused" aria-hidden="true">
            <Ban />
          </span>
        ) : null}
      </div>
      <div className="card-caption">
        <h3>
          <Link
            href={`/title/${id}`}
            id={cardLinkId(id)}
            className="card-link"
            onClick={() => {
              // The picture grows into the screen of the title's page.
              picture.current?.style.setProperty('view-transition-name', 'screen');
            }}
          >
            {name}
          </Link>
        </h3>
        {facts !== '' && state !== 'refused' ? <p className="card-facts">{facts}</p> : null}
        {state === 'refused' ? <p className="card-reason">{title.reason ?? 'It cannot be played.'}</p> : null}
        {isMoving(title) ? (
          <div className="card-progress">
            <ProgressBar label={`${name}: ${stageWords(title)}`} part={title.progress} />
            <p>
              <span>{title.playableS === null ? stageWords(title) : playsWords(title)}</span>
              <span>{progressWords(title)}</span>
            </p>
          </div>
        ) : null}
      </div>
    </li>
  );
});
