/**
 * Decodes one channel of CEA-608 captions: pop-on, roll-up and paint-on, with styles. What is shown becomes cues; of
 * roll-up and paint-on a whole line is shown when it begins, not letter by letter. Text mode and extended data
 * services are passed over.
 */
import {
  basicCharacter,
  extendedCharacter,
  midRowPen,
  type Pen,
  preamble,
  specialCharacter,
} from './cea-608-codes.ts';
import { escapeText } from './cue-text.ts';
import type { Cue } from './cues.ts';

/** In field 1 the channels are CC1 and CC2, in field 2 CC3 and CC4. */
export type Cea608Channel = 1 | 2;
type Cell = { text: string; pen: Pen };
type Screen = Array<Array<Cell | undefined>>;

const ROWS = 15;
const COLUMNS = 32;
const PLAIN: Pen = { italic: false, underline: false, colour: '' };
/** Captions of the upper rows are shown at the top. */
const TOP_ROWS = 5;

export function createCea608(channel: Cea608Channel) {
  const cues: Cue[] = [];
  let shown = blank();
  let hidden = blank();
  let mode: 'pop-on' | 'roll-up' | 'paint-on' | 'text' | 'none' = 'none';
  let rolled = 2;
  let row = ROWS;
  let column = 0;
  let pen = PLAIN;
  let sinceMs = 0;
  /** Whether what comes is for this channel; text without a code before it goes on with the one before. */
  let listening = false;
  let last = 0;

  const target = () => (mode === 'pop-on' ? hidden : shown);
  const show = (nowMs: number) => {
    const lines = linesOf(shown);
    if (lines.length > 0 && nowMs > sinceMs)
      cues.push({ fromMs: sinceMs, toMs: nowMs, ...shapeOf(shown, lines) });
    sinceMs = nowMs;
  };
  const write = (text: string, nowMs: number) => {
    if (mode === 'none' || mode === 'text') return;
    if (mode !== 'pop-on' && isBlank(shown)) sinceMs = nowMs;
    const cells = target()[row - 1] as Array<Cell | undefined>;
    cells[Math.min(column, COLUMNS - 1)] = { text, pen };
    column = Math.min(column + 1, COLUMNS);
  };
  const back = () => {
    column = Math.max(0, Math.min(column, COLUMNS) - 1);
    delete target()[row - 1]?.[column];
  };
  const erase = (nowMs: number) => {
    show(nowMs);
    shown = blank();
  };
  const roll = (nowMs: number) => {
    show(nowMs);
    const top = Math.max(0, row - rolled);
    shown = shown.map((cells, at) =>
      at < top || at >= row ? [] : at === row - 1 ? [] : (shown[at + 1] ?? cells),
    );
    [column, pen] = [0, PLAIN];
  };
  const enterRollUp = (rows: number, nowMs: number) => {
    if (mode !== 'roll-up') {
      erase(nowMs);
      hidden = blank();
      [row, column] = [ROWS, 0];
    }
    [mode, rolled] = ['roll-up', rows];
  };
  const command = (second: number, nowMs: number) => {
    if (second === 0x20) mode = 'pop-on';
    else if (second === 0x21) back();
    else if (second === 0x24) (target()[row - 1] as unknown[]).length = column;
    else if (second >= 0x25 && second <= 0x27) enterRollUp(second - 0x23, nowMs);
    else if (second === 0x29) mode = 'paint-on';
    else if (second === 0x2a || second === 0x2b) mode = 'text';
    else if (second === 0x2c) erase(nowMs);
    else if (second === 0x2d && mode === 'roll-up') roll(nowMs);
    else if (second === 0x2e) hidden = blank();
    else if (second === 0x2f) {
      show(nowMs);
      [shown, hidden, mode] = [hidden, shown, 'pop-on'];
    }
  };
  const address = (first: number, second: number) => {
    const to = preamble(first, second);
    if (mode === 'roll-up' && to.row !== row) moveRows(to.row);
    ({ row, column, pen } = to);
  };
  /** The lines that roll go with the row that they roll up from. */
  const moveRows = (to: number) => {
    const lines = shown.slice(Math.max(0, row - rolled), row);
    shown = blank();
    for (const [at, cells] of lines.entries()) {
      const place = to - lines.length + at;
      if (place >= 0) shown[place] = cells;
    }
  };
  const control = (first: number, second: number, nowMs: number) => {
    if (second >= 0x40) address(first, second);
    else if (first === 0x11 && second >= 0x30) write(specialCharacter(second), nowMs);
    else if (first === 0x11 && second >= 0x20) {
      pen = midRowPen(second);
      write(' ', nowMs);
    } else if ((first === 0x12 || first === 0x13) && second >= 0x20) {
      // It follows a plain letter for those who do not know it.
      back();
      write(extendedCharacter(first, second), nowMs);
    } else if (first === 0x14 || first === 0x15) command(second, nowMs);
    else if (first === 0x17 && second >= 0x21 && second <= 0x23)
      column = Math.min(COLUMNS - 1, column + second - 0x20);
  };

  return {
    /** Two bytes of the field with their parity bits, in the order of presentation. */
    take(firstByte: number, secondByte: number, nowMs: number): void {
      const [first, second] = [firstByte & 0x7f, secondByte & 0x7f];
      if (first === 0 && second === 0) return;
      if (first >= 0x10 && first <= 0x1f) {
        const pair = (first << 8) | second;
        // Codes are sent twice, for the case that one gets lost.
        const isRepeated = pair === last;
        last = isRepeated ? 0 : pair;
        if (isRepeated) return;
        listening = (first & 0x08 ? 2 : 1) === channel;
        if (listening) control(first & 0x17, second, nowMs);
        return;
      }
      last = 0;
      // What is below is extended data, which another code ends.
      if (first > 0 && first < 0x10) listening = false;
      if (!listening) return;
      if (first >= 0x20) write(basicCharacter(first), nowMs);
      if (second >= 0x20) write(basicCharacter(second), nowMs);
    },
    /** All cues; what is still shown ends here. */
    end(nowMs: number): Cue[] {
      erase(nowMs);
      return cues;
    },
  };
}

const blank = (): Screen => Array.from({ length: ROWS }, () => []);
const isBlank = (screen: Screen) => linesOf(screen).length === 0;

function linesOf(screen: Screen): string[] {
  return screen.map(lineOf).filter((line) => line.trim() !== '');
}

function shapeOf(screen: Screen, lines: string[]): Pick<Cue, 'settings' | 'lines'> {
  const lowest = screen.findLastIndex((cells) => lineOf(cells).trim() !== '') + 1;
  return { settings: lowest <= TOP_ROWS ? ' line:0' : '', lines };
}

function lineOf(cells: ReadonlyArray<Cell | undefined>): string {
  const filled = Array.from(cells, (cell) => cell ?? { text: ' ', pen: PLAIN });
  const from = filled.findIndex(({ text }) => text.trim() !== '');
  const to = filled.findLastIndex(({ text }) => text.trim() !== '') + 1;
  let out = '';
  let tags: string[] = [];
  for (const { text, pen } of from < 0 ? [] : filled.slice(from, to)) {
    const wanted = tagsOf(pen);
    if (wanted.join() !== tags.join()) {
      out += tags.toReversed().map(closing).join('') + wanted.map((tag) => `<${tag}>`).join('');
      tags = wanted;
    }
    out += escapeText(text);
  }
  return out + tags.toReversed().map(closing).join('');
}

const closing = (tag: string) => `</${tag.split('.')[0]}>`;

function tagsOf({ italic, underline, colour }: Pen): string[] {
  return [...(colour ? [`c.${colour}`] : []), ...(italic ? ['i'] : []), ...(underline ? ['u'] : [])];
}
