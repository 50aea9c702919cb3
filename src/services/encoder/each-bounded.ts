/** Runs work over a list with a bound on how many go at once. The first failure stops the taking of new items. */
export async function eachBounded<T>(
  items: readonly T[],
  atOnceMax: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(atOnceMax, items.length) }, lane);
  // All lanes are waited for, so that nothing of this goes on after it has returned.
  const ends = await Promise.allSettled(lanes);
  const fault = ends.find((end) => end.status === 'rejected');
  if (fault) throw fault.reason;
}
