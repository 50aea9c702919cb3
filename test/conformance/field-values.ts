/** Turns the field values of cases into the texts that are sent: dates, paths, and values sent before. */
import type { FieldLine, FieldValue } from './case.ts';

export type ValueContext = {
  nowMs: number;
  /** The path of the case, as both the cache and the origin know it. */
  path: string;
  /** What the origin has sent for a field in a step. */
  sentIn: (step: number, name: string) => string | undefined;
};

export function renderLines(lines: readonly FieldLine[], context: ValueContext): Array<[string, string]> {
  return lines.map(([name, value]) => [name, render(value, context)]);
}

function render(value: FieldValue, context: ValueContext): string {
  if (typeof value === 'string') return value;
  if ('secondsFromNow' in value) return httpDate(context.nowMs + value.secondsFromNow * 1000);
  if ('path' in value) return context.path + value.path;
  const sent = context.sentIn(value.inStep, value.sent);
  if (sent === undefined) throw new Error(`step ${value.inStep} has sent no ${value.sent}`);
  return value.as === 'rfc850' ? rfc850Date(sent) : sent;
}

/** IMF-fixdate, RFC 9110, section 5.6.7. */
function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** The obsolete form with a full weekday and two digits of the year, RFC 9110, section 5.6.7. */
function rfc850Date(imfDate: string): string {
  const date = new Date(imfDate);
  const weekday = date.toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' });
  const [, day, month, year, time] = imfDate.split(' ') as [string, string, string, string, string];
  return `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
}
