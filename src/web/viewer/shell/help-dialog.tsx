/** The keys of these pages and the ways to put a film in. */
import { Dialog } from '../../ui/dialog.tsx';
import { DoorCommands } from './door-commands.tsx';

const KEYS: ReadonlyArray<readonly [string[], string]> = [
  [['←', '→', '↑', '↓'], 'Move between films'],
  [['Enter'], 'Open a film'],
  [['/'], 'Search'],
  [['u'], 'Upload films'],
  [['j'], 'Encoding jobs'],
  [['p'], 'Play, on a film’s page'],
  [['Esc'], 'Back to the library; empty the search'],
  [['?'], 'This help'],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Help" onClose={onClose}>
      <h3 className="help-heading">Keys</h3>
      <dl className="keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <h3 className="help-heading">Putting films in</h3>
      <p>
        Drop files anywhere on the page. An upload that was broken off goes on where it was when you drop the
        same file again. Or use any S3 tool:
      </p>
      <DoorCommands />
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
