/**
 * Configuration as table rows: name, kind, default, range, meaning. One parse gives every value or reports every
 * fault together; an unknown name with our prefix is a fault too, so that a typing error never goes unseen.
 */
import { MatineeError } from './errors.ts';

type RowOf<Kind extends string, Value> = {
  readonly kind: Kind;
  readonly default: Value;
  readonly meaning: string;
  readonly unit?: string;
  /** Left out of printed configuration. */
  readonly secret?: boolean;
};

export type ConfigRow =
  | RowOf<'text', string>
  | RowOf<'path', string>
  | (RowOf<'integer', number> & { readonly min: number; readonly max: number })
  | (RowOf<'decimal', number> & { readonly min: number; readonly max: number })
  | RowOf<'boolean', boolean>
  | (RowOf<'choice', string> & { readonly choices: readonly string[] })
  | RowOf<'ports', readonly number[]>
  /** `name=value,name=value` */
  | RowOf<'map', Readonly<Record<string, string>>>;

export type ConfigRows = Readonly<Record<string, ConfigRow>>;

type ValueOf<Row extends ConfigRow> = Row extends { kind: 'map' }
  ? Readonly<Record<string, string>>
  : Row extends { kind: 'ports' }
    ? readonly number[]
    : Row extends { kind: 'integer' | 'decimal' }
      ? number
      : Row extends { kind: 'boolean' }
        ? boolean
        : string;
export type ConfigValues<R extends ConfigRows> = { readonly [Name in keyof R]: ValueOf<R[Name]> };

/** Reads `rows` from an environment. Throws invalid_config with all faults, one a line. */
export function parseConfig<R extends ConfigRows>(
  rows: R,
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): ConfigValues<R> {
  const faults: string[] = [];
  for (const name of Object.keys(env)) {
    if (name.startsWith(prefix) && !(name in rows)) faults.push(`${name}: no such setting`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rows)) {
    const text = env[name];
    if (text === undefined || text === '') {
      values[name] = row.default;
      continue;
    }
    try {
      values[name] = parseValue(row, text);
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (faults.length > 0) {
    throw new MatineeError('invalid_config', `the configuration has faults:\n  ${faults.join('\n  ')}`);
  }
  return values as ConfigValues<R>;
}

function parseValue(row: ConfigRow, text: string): unknown {
  switch (row.kind) {
    case 'text':
    case 'path':
      return text;
    case 'integer':
      return parseInteger(text, row.min, row.max);
    case 'decimal':
      return parseDecimal(text, row.min, row.max);
    case 'boolean':
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      if (/^(0|false|no|off)$/i.test(text)) return false;
      throw new Error(`"${text}" is neither on nor off`);
    case 'choice':
      if (row.choices.includes(text)) return text;
      throw new Error(`"${text}" is not one of ${row.choices.join(', ')}`);
    case 'ports':
      return text.split(',').map((part) => parseInteger(part.trim(), 0, 65_535));
    case 'map':
      return Object.fromEntries(text.split(',').map(parsePair));
  }
}

function parseInteger(text: string, min: number, max: number): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  const value = Number(text);
  if (value < min || value > max) throw new Error(`${value} is not between ${min} and ${max}`);
  return value;
}

function parseDecimal(text: string, min: number, max: number): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`"${text}" is not a number like 0.04`);
  const value = Number(text);
  if (value < min || value > max) throw new Error(`${value} is not between ${min} and ${max}`);
  return value;
}

function parsePair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`"${pair}" is not name=value`);
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

/** The rows as a Markdown table, for the docs page that is generated from them. */
export function configTable(rows: ConfigRows): string {
  const lines = Object.entries(rows).map(([name, row]) => {
    const value = row.secret || row.default === '' ? '' : `\`${defaultText(row)}\``;
    return `| \`${name}\` | ${kindText(row)} | ${value} | ${row.meaning} |`;
  });
  return ['| setting | kind | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

function kindText(row: ConfigRow): string {
  if (row.kind === 'integer')
    return `whole number, ${row.min} to ${row.max}${row.unit ? ` ${row.unit}` : ''}`;
  if (row.kind === 'decimal') return `number, ${row.min} to ${row.max}${row.unit ? ` ${row.unit}` : ''}`;
  if (row.kind === 'choice') return row.choices.join(' or ');
  if (row.kind === 'map') return 'name=value, comma between';
  if (row.kind === 'ports') return 'ports, comma between';
  return row.kind;
}

function defaultText(row: ConfigRow): string {
  if (row.kind === 'map') {
    return Object.entries(row.default)
      .map(([name, value]) => `${name}=${value}`)
      .join(',');
  }
  return String(row.default);
}
