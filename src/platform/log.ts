/**
 * Structured logs: one JSON object a line, or a short coloured line for a person at a terminal.
 * A log never receives secrets: callers pass ids, sizes and codes, not headers, URLs with tokens or bodies.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to every line. */
  with(fields: LogFields): Log;
};

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export type LogOptions = {
  level: LogLevel;
  format: 'json' | 'text';
  write(line: string): void;
  now?: () => number;
  fields?: LogFields;
};

export function createLog(options: LogOptions): Log {
  const { level, format, write, now = Date.now, fields: base = {} } = options;
  const emit = (at: LogLevel, message: string, fields: LogFields = {}) => {
    if (ORDER[at] < ORDER[level]) return;
    const all = { ...base, ...fields };
    write(format === 'json' ? jsonLine(at, message, all, now()) : textLine(at, message, all, now()));
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    with: (fields) => createLog({ ...options, fields: { ...base, ...fields } }),
  };
}

/** A log that keeps silent, for tests. */
export const silentLog: Log = createLog({ level: 'error', format: 'json', write: () => {} });

function jsonLine(level: LogLevel, message: string, fields: LogFields, now: number): string {
  return `${JSON.stringify({ time: new Date(now).toISOString(), level, message, ...plain(fields) })}\n`;
}

function textLine(level: LogLevel, message: string, fields: LogFields, now: number): string {
  const rest = Object.entries(plain(fields))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const clock = new Date(now).toISOString().slice(11, 19);
  return `${clock} ${level.padEnd(5)} ${message}${rest ? `  ${rest}` : ''}\n`;
}

/** Errors become text and code; everything else is left to JSON. */
function plain(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  );
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` <- ${describe(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
