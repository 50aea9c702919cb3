/** Rows of a benchmark's table, the arithmetic behind them and how they are printed. It measures nothing. */

export type BenchRow = {
  work: string;
  ours: number | string | null;
  peer: number | string | null;
  value: number | null;
  /** A comparison of `value` with a number, such as `>= 1.5 x nginx`; `report` sets no goal. */
  goal: string;
  /** Null when there is nothing to judge: no goal, or no figure. */
  met: boolean | null;
};

export type BenchResult = {
  rows: readonly BenchRow[];
  /** Lines for a reader below the table. */
  notes?: readonly string[];
};

/** What a benchmark is asked for on the command line. */
export type BenchOptions = { json: boolean; quick: boolean; only: readonly string[]; minutes: number };

const GOAL = /^(>=|<=|<|>|=)\s*([0-9]+(?:\.[0-9]+)?)(?:\s|$)/;

/** Whether a value keeps to a goal; null without a value or when the goal compares with no number. */
export function meets(value: number | null, goal: string): boolean | null {
  const [, comparison, text] = GOAL.exec(goal) ?? [];
  if (value === null || Number.isNaN(value) || text === undefined) return null;
  const limit = Number(text);
  switch (comparison) {
    case '>=':
      return value >= limit;
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
    case '>':
      return value > limit;
    default:
      return value === limit;
  }
}

/** Judges the value as it was measured; infinity stands for what never came, and is not printed. */
export function row(
  work: string,
  goal: string,
  figures: Pick<BenchRow, 'ours' | 'peer' | 'value'>,
): BenchRow {
  const { value } = figures;
  return {
    ...{ work, ours: tidy(figures.ours), peer: tidy(figures.peer) },
    value: value !== null && Number.isFinite(value) ? round(value) : null,
    ...{ goal, met: meets(value, goal) },
  };
}

/** A row without a figure; the reason stands where the figure of the side that lacks it would. */
export function missingRow(work: string, goal: string, side: 'ours' | 'peer', reason: string): BenchRow {
  const absent = { work, ours: null, peer: null, value: null, goal, met: null };
  return { ...absent, [side]: reason };
}

/** One peer among several in the column of the peers. */
export function peerText(name: string, figure: number | string | { missing: string }): string {
  if (typeof figure === 'object') return `${name}: ${figure.missing}`;
  return `${name} ${typeof figure === 'number' ? round(figure) : figure}`;
}

/** The middle value, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that a share of all values does not exceed (nearest rank). NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * The median of the ratios inside each round. A machine that is slow for a while is slow for both sides of a
 * round, which the ratio of two medians would not know.
 */
export function medianRatio(above: readonly number[], below: readonly number[]): number {
  const rounds = Math.min(above.length, below.length);
  const ratios = Array.from({ length: rounds }, (_, i) => (above[i] as number) / (below[i] as number));
  return median(ratios.filter(Number.isFinite));
}

export function printRows(rows: readonly BenchRow[], notes: readonly string[] = []): string {
  const head = ['work', 'ours', 'peer', 'value', 'goal', 'met'];
  const cells = rows.map((r) => [r.work, show(r.ours), show(r.peer), show(r.value), r.goal, verdict(r.met)]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: readonly string[]) => texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const table = [line(head), rule, ...cells.map(line)].map((text) => text.trimEnd());
  return `${[...table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

function show(value: number | string | null): string {
  if (typeof value === 'number') return value >= 10_000 ? value.toLocaleString('en-US') : String(value);
  return value ?? '-';
}

function verdict(met: boolean | null): string {
  return met === null ? '-' : met ? 'yes' : 'NO';
}

function tidy(value: number | string | null): number | string | null {
  return typeof value === 'number' ? round(value) : value;
}

/** Three or more figures that say something: no measurement here is more exact. */
function round(value: number): number {
  if (!Number.isFinite(value)) return value;
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
