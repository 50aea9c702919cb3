/** Which card of the wall an arrow key leads to, from where the cards are drawn. Pure geometry. */
export type Box = { left: number; top: number; width: number; height: number };

export type WallKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

const KEYS: readonly string[] = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

export function isWallKey(key: string): key is WallKey {
  return KEYS.includes(key);
}

/** Left and right follow the order of reading; up and down take the nearest card of the next row there. */
export function nextCard(boxes: readonly Box[], current: number, key: WallKey): number {
  const last = boxes.length - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowLeft') return Math.max(0, current - 1);
  if (key === 'ArrowRight') return Math.min(last, current + 1);
  const from = boxes[current];
  if (!from) return current;
  const beyond = boxes
    .map((box, index) => ({ index, ...distance(from, box, key === 'ArrowDown') }))
    .filter(({ rows }) => rows > 0);
  const nearest = Math.min(...beyond.map(({ rows }) => rows));
  // Cards of one row are not always of one height; half a card is within the same row.
  const row = beyond.filter(({ rows }) => rows <= nearest + from.height / 4);
  row.sort((a, b) => a.across - b.across);
  return row[0]?.index ?? current;
}

function distance(from: Box, to: Box, down: boolean): { rows: number; across: number } {
  // Measured from the edges, so that what stands beside a tall card is not below it.
  const rows = down ? to.top - (from.top + from.height) + 1 : from.top - (to.top + to.height) + 1;
  const across = Math.abs(to.left + to.width / 2 - (from.left + from.width / 2));
  return { rows, across };
}
