/** Time expressions of TTML (TTML2, 12.3.1): clock times with a fraction or frames, and offsets in any of its units. */

export type TtmlRates = { framesPerS: number; ticksPerS: number };

const CLOCK = /^(\d{2,}):(\d{2}):(\d{2})(?:(\.\d+)|:(\d{2,})(?:\.\d+)?)?$/;
const OFFSET = /^(\d+(?:\.\d+)?)(h|ms|m|s|f|t)$/;

/** Milliseconds, or undefined for what is no time. */
export function ttmlTime(text: string, rates: TtmlRates): number | undefined {
  const clock = CLOCK.exec(text.trim());
  if (clock) {
    const [, hours, minutes, seconds, fraction = '0', frames = '0'] = clock;
    const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return Math.round((whole + Number(fraction) + Number(frames) / rates.framesPerS) * 1000);
  }
  const [, amount, unit = ''] = OFFSET.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const secondsOf: Readonly<Record<string, number>> = {
    ...{ h: 3600, m: 60, s: 1, ms: 0.001 },
    ...{ f: 1 / rates.framesPerS, t: 1 / rates.ticksPerS },
  };
  return Math.round(Number(amount) * (secondsOf[unit] ?? 0) * 1000);
}

/** From the attributes of the root (TTML2, 6.2). */
export function ttmlRates(root: Readonly<Record<string, string>>): TtmlRates {
  const positive = (text: string | undefined) => (Number(text) > 0 ? Number(text) : undefined);
  const frames = positive(root.frameRate) ?? 30;
  const [num = 1, den = 1] = (root.frameRateMultiplier ?? '')
    .split(/[\s:]+/)
    .map((one) => positive(one) ?? 1);
  const framesPerS = (frames * num) / den;
  const perFrame = root.frameRate === undefined ? 1 : framesPerS * (positive(root.subFrameRate) ?? 1);
  return { framesPerS, ticksPerS: positive(root.tickRate) ?? perFrame };
}
