/** For addresses that lead nowhere and films that are not, or no longer, in the library. */
import { Link } from 'wouter';
import { usePageTitle } from './navigation.ts';

export type NotFoundPageProps = { heading?: string; words?: string };

export function NotFoundPage({
  heading = 'No such page',
  words = 'The address leads nowhere. It may have been mistyped.',
}: NotFoundPageProps) {
  usePageTitle(heading);
  return (
    <div className="notice">
      <p className="notice-mark" aria-hidden="true">
        404
      </p>
      <h1>{heading}</h1>
      <p>{words}</p>
      <div className="notice-actions">
        <Link className="button primary" href="/">
          To the library
        </Link>
      </div>
    </div>
  );
}
