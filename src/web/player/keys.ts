/** Which key does what, in one table: the keyboard works from it and the list of keys is printed from it. */
export type KeyAction =
  | {
      do:
        | 'toggle-play'
        | 'toggle-mute'
        | 'toggle-fullscreen'
        | 'toggle-captions'
        | 'toggle-stats'
        | 'toggle-keys';
    }
  | { do: 'toggle-picture-in-picture' | 'close' }
  | { do: 'seek-by'; seconds: number }
  | { do: 'seek-to'; part: number }
  | { do: 'chapter-by'; step: 1 | -1 }
  | { do: 'volume-by'; step: number }
  | { do: 'rate-by'; step: number };

type KeyRow = { keys: readonly string[]; shown: string; means: string; action: KeyAction };

const ROWS: readonly KeyRow[] = [
  { keys: [' ', 'k'], shown: 'Space or K', means: 'Play or pause', action: { do: 'toggle-play' } },
  { keys: ['ArrowLeft'], shown: '←', means: 'Back 5 seconds', action: { do: 'seek-by', seconds: -5 } },
  { keys: ['ArrowRight'], shown: '→', means: 'On 5 seconds', action: { do: 'seek-by', seconds: 5 } },
  { keys: ['j'], shown: 'J', means: 'Back 10 seconds', action: { do: 'seek-by', seconds: -10 } },
  { keys: ['l'], shown: 'L', means: 'On 10 seconds', action: { do: 'seek-by', seconds: 10 } },
  { keys: ['PageUp'], shown: 'Page up', means: 'Next chapter', action: { do: 'chapter-by', step: 1 } },
  {
    keys: ['PageDown'],
    shown: 'Page down',
    means: 'Start of the chapter, or the one before',
    action: { do: 'chapter-by', step: -1 },
  },
  { keys: ['ArrowUp'], shown: '↑', means: 'Louder', action: { do: 'volume-by', step: 0.05 } },
  { keys: ['ArrowDown'], shown: '↓', means: 'Quieter', action: { do: 'volume-by', step: -0.05 } },
  { keys: ['m'], shown: 'M', means: 'Sound on or off', action: { do: 'toggle-mute' } },
  { keys: ['c'], shown: 'C', means: 'Captions on or off', action: { do: 'toggle-captions' } },
  { keys: ['f'], shown: 'F', means: 'Full screen', action: { do: 'toggle-fullscreen' } },
  { keys: ['p'], shown: 'P', means: 'Picture in picture', action: { do: 'toggle-picture-in-picture' } },
  { keys: ['<'], shown: '<', means: 'Slower', action: { do: 'rate-by', step: -1 } },
  { keys: ['>'], shown: '>', means: 'Faster', action: { do: 'rate-by', step: 1 } },
  ...Array.from(
    { length: 10 },
    (_, tenth): KeyRow => ({
      keys: [String(tenth)],
      shown: '0 to 9',
      means: 'To that tenth',
      action: { do: 'seek-to', part: tenth / 10 },
    }),
  ),
  { keys: ['Home'], shown: 'Home', means: 'To the start', action: { do: 'seek-to', part: 0 } },
  { keys: ['End'], shown: 'End', means: 'To the end', action: { do: 'seek-to', part: 1 } },
  { keys: ['i'], shown: 'I', means: 'Playback figures', action: { do: 'toggle-stats' } },
  { keys: ['?'], shown: '?', means: 'This list', action: { do: 'toggle-keys' } },
  { keys: ['Escape'], shown: 'Esc', means: 'Close what is open', action: { do: 'close' } },
];

const BY_KEY = new Map(ROWS.flatMap((row) => row.keys.map((key) => [key, row.action] as const)));

export type Pressed = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean };

/** The action of a key; nothing for keys held with Ctrl, Alt or Meta, which are the browser's. */
export function actionOf({ key, ctrlKey, metaKey, altKey }: Pressed): KeyAction | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  return BY_KEY.get(key) ?? BY_KEY.get(key.toLowerCase());
}

/** For the list of keys: one line for each thing that can be done. */
export function keyLines(): { shown: string; means: string }[] {
  const lines = new Map(ROWS.map(({ shown, means }) => [shown, { shown, means }]));
  return [...lines.values()];
}
