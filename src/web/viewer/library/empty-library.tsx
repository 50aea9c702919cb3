/** An empty house: a lit screen that says how to put the first film in. */
import './empty.css';
import { Upload } from 'lucide-react';
import { useActions } from '../shell/actions.ts';
import { DoorCommands } from '../shell/door-commands.tsx';

export function EmptyLibrary() {
  const { chooseFiles } = useActions();
  return (
    <section className="empty" aria-labelledby="empty-heading">
      <div className="empty-screen">
        <h2 id="empty-heading">Nothing is showing yet</h2>
        <p>Drop a film anywhere on this page.</p>
        <button type="button" className="button primary large" onClick={chooseFiles}>
          <Upload aria-hidden="true" />
          Choose films
        </button>
      </div>
      <Seats />
      <div className="empty-other">
        <h3>Or with the AWS CLI</h3>
        <DoorCommands />
      </div>
    </section>
  );
}

/** For a wall that has room to spare: how to put in the next film. */
export function Invitation() {
  const { chooseFiles } = useActions();
  return (
    <section className="invitation" aria-labelledby="invitation-heading">
      <div>
        <h2 id="invitation-heading">Yours next</h2>
        <p>
          Drop a film anywhere on this page, or{' '}
          <button type="button" className="link-button" onClick={chooseFiles}>
            choose one
          </button>
          . It plays seconds after its upload. With the AWS CLI:
        </p>
      </div>
      <DoorCommands />
    </section>
  );
}

function Seats() {
  return (
    <svg className="seats" viewBox="0 0 1200 150" preserveAspectRatio="xMidYMin slice" aria-hidden="true">
      <defs>
        {[0, 1, 2].map((row) => (
          <pattern
            key={row}
            id={`seats-${row}`}
            x={row % 2 === 0 ? 0 : 32 + row * 4}
            width={64 + row * 14}
            height="150"
            patternUnits="userSpaceOnUse"
          >
            <rect
              x="5"
              y={row * 34 + 6}
              width={54 + row * 14}
              height="150"
              rx="15"
              className={`seat row-${row}`}
            />
          </pattern>
        ))}
      </defs>
      {[0, 1, 2].map((row) => (
        <rect key={row} width="1200" height="150" fill={`url(#seats-${row})`} />
      ))}
    </svg>
  );
}
