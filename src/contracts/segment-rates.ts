/** Bit rates of a track from its segments, as `packagedTrack` tells them. Pure. */
type Row = { ticks: number; bytes: number };

/**
 * Peak and mean in bits per second. A last segment shorter than half of the first says nothing of the load on a
 * network (RFC 8216bis counts spans of at least half the target duration) and is left out of the peak.
 */
export function segmentRates(
  rows: readonly Row[],
  timescale: number,
): { bitsPerSPeak: number; bitsPerSMean: number } {
  const long = rows.filter((row) => row.ticks * 2 >= (rows[0]?.ticks ?? 0) && row.ticks > 0);
  const rate = (bytes: number, ticks: number) => Math.ceil((bytes * 8 * timescale) / Math.max(1, ticks));
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const ticks = rows.reduce((sum, row) => sum + row.ticks, 0);
  return {
    bitsPerSPeak: Math.max(...long.map((row) => rate(row.bytes, row.ticks))),
    bitsPerSMean: rate(bytes, ticks),
  };
}
