/** What this browser remembers between films: its device name, how loud, which languages, how fast the line was. */
export type Memory = Pick<Storage, 'getItem' | 'setItem'>;

export type Remembered = {
  /** A stable name for this browser, made at its first play. */
  device(): string;
  number(name: 'bandwidth' | 'volume'): number | undefined;
  text(name: 'audio' | 'captions' | 'muted'): string | undefined;
  keep(name: 'bandwidth' | 'volume' | 'audio' | 'captions' | 'muted', value: string | number): void;
};

const PREFIX = 'matinee.player.';

export function createRemembered(memory: Memory, randomId: () => string): Remembered {
  // A browser may forbid storage altogether; then everything is as at the first visit.
  const read = (name: string) => {
    try {
      return memory.getItem(PREFIX + name) ?? undefined;
    } catch {
      return undefined;
    }
  };
  const keep = (name: string, value: string | number) => {
    try {
      memory.setItem(PREFIX + name, String(value));
    } catch {
      return;
    }
  };
  const once = randomId();
  return {
    device: () => {
      const known = read('device');
      if (known && known.length <= 100) return known;
      keep('device', once);
      return once;
    },
    number: (name) => {
      const value = Number(read(name) ?? Number.NaN);
      return Number.isFinite(value) ? value : undefined;
    },
    text: read,
    keep,
  };
}
