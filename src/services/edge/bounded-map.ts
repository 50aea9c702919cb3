/** Maps that remember the newest of what they are given. Pure. */

/** Puts a value in as the newest of its map; the oldest goes when there are too many. */
export function putLast<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
