/** The bar at the top of every page: home, house lights, help, upload. */
import { CircleQuestionMark, Clapperboard, Lightbulb, LightbulbOff, Upload } from 'lucide-react';
import { Link } from 'wouter';
import { useActions } from './actions.ts';
import { useLights } from './lights.ts';
import { SearchField } from './search-field.tsx';

export function TopBar() {
  const { chooseFiles, showHelp } = useActions();
  const [lights, setLights] = useLights();
  const up = lights === 'up';
  return (
    <header className="top-bar">
      <Link href="/" className="brand" aria-label="Matinee, the library">
        <BrandMark />
        <span>Matinee</span>
      </Link>
      <SearchField />
      <nav className="top-actions" aria-label="Tools">
        <Link href="/jobs" className="icon-button" aria-label="Encoding jobs" title="Encoding jobs (j)">
          <Clapperboard aria-hidden="true" />
        </Link>
        <button
          type="button"
          className="icon-button"
          aria-pressed={up}
          aria-label="House lights"
          title={up ? 'Turn the house lights down' : 'Turn the house lights up'}
          onClick={() => setLights(up ? 'down' : 'up')}
        >
          {up ? <LightbulbOff aria-hidden="true" /> : <Lightbulb aria-hidden="true" />}
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Help and keys"
          title="Help and keys (?)"
          onClick={showHelp}
        >
          <CircleQuestionMark aria-hidden="true" />
        </button>
        <button
          type="button"
          className="button primary"
          aria-label="Upload films"
          title="Upload films (u)"
          onClick={chooseFiles}
        >
          <Upload aria-hidden="true" />
          <span>Upload</span>
        </button>
      </nav>
    </header>
  );
}

/** A sun on the horizon: the afternoon show, and a projector's light. */
function BrandMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className="brand-mark">
      <path d="M6 21a10 10 0 0 1 20 0z" />
      <path d="M3 25.5h26M16 4v3.5M5.4 8.6l2.4 2.4M26.6 8.6l-2.4 2.4" />
    </svg>
  );
}
