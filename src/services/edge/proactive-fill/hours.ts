/** Hours of the day, by the clock on this machine's wall, as settings name them: `22:30-06:00`. Pure. */
import { MatineeError } from '../../../platform/errors.ts';

export type Hours = { readonly fromMin: number; readonly toMin: number };

const FORM = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Empty text means always. Throws invalid_config. */
export function readHours(text: string): Hours | undefined {
  if (text === '') return undefined;
  const [, ...parts] = FORM.exec(text) ?? [];
  const [fromH = 0, fromMin = 0, toH = 0, toMin = 0] = parts.map(Number);
  if (parts.length === 0) throw new MatineeError('invalid_config', `hours are like 22:30-06:00, not ${text}`);
  const hours = { fromMin: fromH * 60 + fromMin, toMin: toH * 60 + toMin };
  if (hours.fromMin === hours.toMin) throw new MatineeError('invalid_config', `${text} is no time at all`);
  return hours;
}

export function isWithin(hours: Hours | undefined, nowMs: number): boolean {
  if (!hours) return true;
  const date = new Date(nowMs);
  const minute = date.getHours() * 60 + date.getMinutes();
  const { fromMin, toMin } = hours;
  if (fromMin < toMin) return minute >= fromMin && minute < toMin;
  return minute >= fromMin || minute < toMin;
}
