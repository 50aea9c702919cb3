/** The characters and places of CEA-608 (ANSI/CTA-608-E S-2019, 6.4 and annex C). Tables only. */

/** Where the basic set is not ASCII. */
const BASIC: Readonly<Record<number, string>> = {
  ...{ 42: 'á', 92: 'é', 94: 'í', 95: 'ó', 96: 'ú', 123: 'ç', 124: '÷', 125: 'Ñ', 126: 'ñ', 127: '█' },
};
const SPECIAL = '®°½¿™¢£♪à\u00a0èâêîôû';
/** Spanish, French and what else there is; then Portuguese, German and Danish. */
const EXTENDED = ['ÁÉÓÚÜü‘¡*’—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»', 'ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤¦ÅåØø┌┐└┘'] as const;
const ROWS = [
  [11, 11],
  [1, 2],
  [3, 4],
  [12, 13],
  [14, 15],
  [5, 6],
  [7, 8],
  [9, 10],
] as const;
/** White has no name here, as it is what text has by itself. */
const COLOURS = ['', 'lime', 'blue', 'cyan', 'red', 'yellow', 'magenta'] as const;

export type Pen = { italic: boolean; underline: boolean; colour: string };

export const basicCharacter = (code: number): string => BASIC[code] ?? String.fromCharCode(code);
export const specialCharacter = (second: number): string => SPECIAL[second - 0x30] ?? ' ';
export const extendedCharacter = (first: number, second: number): string =>
  EXTENDED[(first & 1) as 0 | 1][second - 0x20] ?? ' ';

/** Of a preamble address code: the row from one, the column, and how text is written from there. */
export function preamble(first: number, second: number): { row: number; column: number; pen: Pen } {
  const row = ROWS[first & 7]?.[second & 0x20 ? 1 : 0] ?? 15;
  const style = (second >> 1) & 0xf;
  return { row, column: style >= 8 ? (style - 8) * 4 : 0, pen: penOf(style >= 8 ? 0 : style, second) };
}

export const midRowPen = (second: number): Pen => penOf((second >> 1) & 7, second);

function penOf(style: number, second: number): Pen {
  return { italic: style === 7, underline: (second & 1) === 1, colour: COLOURS[style] ?? '' };
}
