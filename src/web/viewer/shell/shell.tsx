/** What is around every page but the watch page: top bar, file input, drop target, uploads, help, spoken lines. */
import './shell.css';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { DropTarget } from '../uploads/drop-target.tsx';
import type { SourceFile } from '../uploads/upload-run.ts';
import { UploadsPanel } from '../uploads/uploads-panel.tsx';
import { type Actions, ActionsContext } from './actions.ts';
import { HelpDialog } from './help-dialog.tsx';
import { SEARCH_FIELD_ID } from './search-field.tsx';
import { useServices } from './services.ts';
import { TopBar } from './top-bar.tsx';
import { useShortcuts } from './use-shortcuts.ts';

/** What browsers do not count as video by themselves. */
const FILM_TYPES = 'video/*,.mkv,.mov,.mxf,.ts,.m2ts,.avi,.webm,.mp4,.m4v,.mpg,.mpeg,.vob,.ogv,.wmv,.flv';

export function Shell({ children }: { children: ReactNode }) {
  const { uploads, library } = useServices();
  const [, navigate] = useLocation();
  const [helpOpen, setHelpOpen] = useState(false);
  const [spoken, setSpoken] = useState('');
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const actions = useMemo<Actions>(
    () => ({
      chooseFiles: () => input.current?.click(),
      showHelp: () => setHelpOpen(true),
      announce: setSpoken,
    }),
    [],
  );
  const add = (files: Iterable<SourceFile>) => {
    setRefusals(uploads.add(files));
    library.refresh();
  };
  useEffect(() => {
    const stop = new AbortController();
    void uploads.recall(stop.signal);
    return () => stop.abort(new Error('the page was left'));
  }, [uploads]);
  useShortcuts({
    '/': () => document.getElementById(SEARCH_FIELD_ID)?.focus(),
    u: actions.chooseFiles,
    j: () => navigate('/jobs'),
    '?': actions.showHelp,
  });
  return (
    <ActionsContext value={actions}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <TopBar />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        multiple
        accept={FILM_TYPES}
        tabIndex={-1}
        aria-label="Films to upload"
        data-testid="file-input"
        onChange={({ target }) => {
          add([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      <DropTarget onFiles={add} />
      <UploadsPanel refusals={refusals} onRefusalsSeen={() => setRefusals([])} />
      <p className="visually-hidden" role="status">
        {spoken}
      </p>
      {helpOpen ? <HelpDialog onClose={() => setHelpOpen(false)} /> : null}
    </ActionsContext>
  );
}
