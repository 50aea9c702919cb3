/**
 * Chooses the constant frame rate of a title's renditions. Segments, chunks and key frames are counted in its
 * frames, so it is one of the usual rates wherever the master is near one. Pure arithmetic.
 */
export type Rate = { readonly num: number; readonly den: number };

const USUAL: readonly Rate[] = [
  { num: 5, den: 1 },
  { num: 8, den: 1 },
  { num: 10, den: 1 },
  { num: 12, den: 1 },
  { num: 25, den: 2 },
  { num: 15000, den: 1001 },
  { num: 15, den: 1 },
  { num: 20, den: 1 },
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
];
const FRAMES_PER_S_MAX = 60;
/** Fewer tell nothing. */
const GAPS_MIN = 8;
/** Relative distance within which a measured rate is taken for a usual one. */
const NEAR = 0.005;
/** Relative distance within which it is that rate and not its neighbour 0.1 % away. */
const EXACT = 0.0003;

export function perSecond(rate: Rate): number {
  return rate.num / rate.den;
}

/** ffprobe's `24000/1001`, or undefined for `0/0` and nonsense. */
export function parseRate(text: string | undefined): Rate | undefined {
  const match = /^(\d+)\/(\d+)$/.exec(text ?? '');
  const rate = { num: Number(match?.[1] ?? 0), den: Number(match?.[2] ?? 0) };
  return rate.num > 0 && rate.den > 0 ? rate : undefined;
}

export type MeasuredRate = {
  /** ffprobe's `r_frame_rate`: the lowest rate that can show every time stamp. Twice the frames when interlaced. */
  base: Rate | undefined;
  /** ffprobe's `avg_frame_rate`. */
  average: Rate | undefined;
  /** Presentation times of consecutive decoded frames, seconds, of one or more samples. */
  samples: ReadonlyArray<readonly number[]>;
  interlaced: boolean;
};

/** The rate to encode at, and whether the master's own varies. `softPulldown`: by flags alone. */
export function chooseRate(measured: MeasuredRate): { rate: Rate; variable: boolean; softPulldown?: true } {
  const film = softPulldownOf(measured.samples);
  if (film) return { rate: film, variable: false, softPulldown: true };
  const gaps = measured.samples.flatMap(gapsOf).sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)];
  const variable = isVariable(measured, gaps, median);
  const typical = median === undefined ? undefined : 1 / median;
  const average = measured.average && perSecond(measured.average);
  const base = measured.base && perSecond(measured.base);
  if (variable) {
    // A clock that frames were dropped from is kept, as every frame has its slot then. Otherwise the typical
    // distance keeps the motion; where the film stands still, frames are repeated cheaply.
    const busy = Math.max(typical ?? 0, average ?? 0);
    const isClock =
      base !== undefined && base >= busy && (base <= 30.1 || (base <= 60.1 && base <= 2.2 * busy));
    return { rate: snap((isClock ? base : busy) || base || 25), variable };
  }
  const constant = measured.interlaced ? (average ?? typical ?? base) : (base ?? average ?? typical);
  const steady = steadyRate(gaps, median);
  // What a container states of its whole length is wrong when its clock jumps; the pictures themselves tell.
  const isStated = steady === undefined || constant === undefined || Math.abs(constant / steady - 1) < 0.1;
  return { rate: snap((isStated ? constant : steady) ?? 25), variable };
}

/** Frames a second over the gaps that are about the usual one. */
function steadyRate(gaps: readonly number[], median: number | undefined): number | undefined {
  if (median === undefined || gaps.length < GAPS_MIN) return undefined;
  const usual = gaps.filter((gap) => Math.abs(gap - median) < 0.5 * median);
  return usual.length / usual.reduce((sum, gap) => sum + gap, 0);
}

const NTSC_FIELD_S = 1001 / 60_000;
const FIELD_S = 1 / 60;
const CLOCK_S = 0.0015;

/**
 * The rate of a film whose flags ask players to repeat every other frame's first field (soft telecine of DVDs and
 * broadcasts): its frames stand for two and three fields in turn. No field is in the file twice, so that nothing has
 * to be undone but the time stamps.
 */
function softPulldownOf(samples: ReadonlyArray<readonly number[]>): Rate | undefined {
  const gaps = samples.flatMap(gapsOf);
  const turns = samples.flatMap((times) => {
    const own = gapsOf(times);
    return own.slice(1).map((gap, i) => isFields(gap, 2) !== isFields(own[i] as number, 2));
  });
  const fits = gaps.filter((gap) => isFields(gap, 2) || isFields(gap, 3));
  if (gaps.length < 20 || fits.length < 0.95 * gaps.length) return undefined;
  if (turns.filter(Boolean).length < 0.9 * turns.length) return undefined;
  const fields = fits.reduce((sum, gap) => sum + (isFields(gap, 2) ? 2 : 3), 0);
  const fieldS = fits.reduce((sum, gap) => sum + gap, 0) / fields;
  return Math.abs(fieldS - NTSC_FIELD_S) < Math.abs(fieldS - FIELD_S)
    ? { num: 24_000, den: 1001 }
    : { num: 24, den: 1 };
}

function isFields(gap: number, fields: number): boolean {
  return Math.abs(gap - fields * NTSC_FIELD_S) < CLOCK_S;
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).flatMap((time, i) => {
    const gap = time - (times[i] as number);
    return gap > 0.001 ? [gap] : [];
  });
}

function isVariable(measured: MeasuredRate, gaps: readonly number[], median: number | undefined): boolean {
  if (median !== undefined && gaps.length >= GAPS_MIN) {
    // Containers with millisecond clocks shift frames by up to one each way.
    const odd = gaps.filter((gap) => Math.abs(gap - median) > Math.max(0.0025, 0.1 * median));
    if (odd.length > 0.1 * gaps.length) return true;
  }
  if (!measured.base || !measured.average || measured.interlaced) return false;
  const ratio = perSecond(measured.base) / perSecond(measured.average);
  // A median at half of the base rate is a base rate that counts fields.
  return ratio > 1.02 && !(median !== undefined && Math.abs(median * perSecond(measured.average) - 1) < 0.02);
}

/**
 * The usual rate nearest to `fps`, or the whole number nearest to it where no usual one is near. A measured rate
 * that is only about right becomes a whole number of frames a second rather than its NTSC neighbour.
 */
export function snap(fps: number): Rate {
  let capped = fps;
  while (capped > FRAMES_PER_S_MAX * 1.001) capped /= 2;
  const near = USUAL.filter((rate) => distance(rate, capped) <= NEAR);
  near.sort((a, b) => distance(a, capped) - distance(b, capped));
  const exact = near.find((rate) => distance(rate, capped) <= EXACT);
  const found = exact ?? near.find((rate) => rate.den === 1) ?? near[0];
  if (found) return found;
  if (fps !== capped) return { num: FRAMES_PER_S_MAX, den: 1 };
  // Up to the next usual rate when it is close by, so that no motion is lost; an odd rate is kept when it is not.
  const above = USUAL.find((rate) => perSecond(rate) >= capped);
  if (above && perSecond(above) <= capped * 1.1) return above;
  return { num: Math.max(5, Math.round(capped)), den: 1 };
}

function distance(rate: Rate, fps: number): number {
  return Math.abs(Math.log(perSecond(rate) / fps));
}
