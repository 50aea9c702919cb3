/** A quiet line while the server does not answer; what was known stays on the page. */
import { Unplug } from 'lucide-react';

export type AwayNoticeProps = { away: boolean; loaded: boolean };

export function AwayNotice({ away, loaded }: AwayNoticeProps) {
  return (
    <div role="status">
      {away ? (
        <p className="away">
          <Unplug aria-hidden="true" />
          {loaded
            ? 'The server is away. This is what it told last; the page goes on by itself when it is back.'
            : 'The server is away. The library opens by itself when it is back.'}
        </p>
      ) : null}
    </div>
  );
}
