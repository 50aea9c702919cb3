/** What every page of the shell can ask of it: choosing files, the help, the house lights, a spoken line. */
import { createContext, use } from 'react';

export type Actions = {
  chooseFiles(): void;
  showHelp(): void;
  /** Says a line to assistive programs, politely. */
  announce(words: string): void;
};

export const ActionsContext = createContext<Actions>({
  chooseFiles: () => undefined,
  showHelp: () => undefined,
  announce: () => undefined,
});

export function useActions(): Actions {
  return use(ActionsContext);
}
