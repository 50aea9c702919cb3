/** Identifiers that sort by time of creation and can be read over the phone: lower-case Crockford base 32. */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** 26 characters: 48 bits of milliseconds, then 80 random bits (the ULID layout, lower case). */
export function newId(now: number = Date.now(), random: Uint8Array = randomBytes(10)): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let bits = 0;
  let held = 0;
  let tail = '';
  for (const byte of random) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      tail += ALPHABET[(bits >> held) & 31];
    }
    bits &= (1 << held) - 1;
  }
  return time + tail;
}

/** Whether a text has the shape that `newId` gives. */
export function isId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{26}$/.test(text);
}
