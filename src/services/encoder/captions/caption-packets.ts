/**
 * Finds CEA-608 bytes in what pictures carry beside themselves (ATSC A/53 part 4: `GA94` in SEI messages of H.264 and
 * HEVC and in user data of MPEG-2). The 708 packets that stand beside them are not read. Pure.
 */

/** Two bytes of a field of the picture; `field` is 1 or 2. */
export type CaptionPair = { field: 1 | 2; first: number; second: number };

const MARK = Buffer.from('GA94\x03', 'latin1');

/** `data`: the messages of one picture, as they stand in the stream. */
export function captionPairs(data: Buffer): CaptionPair[] {
  const pairs: CaptionPair[] = [];
  const plain = withoutEmulation(data);
  for (let at = plain.indexOf(MARK); at >= 0; at = plain.indexOf(MARK, at + 1)) {
    const flags = plain[at + MARK.length] ?? 0;
    if ((flags & 0x40) === 0) continue;
    // A byte that says nothing stands between the count and the triplets.
    const from = at + MARK.length + 2;
    for (let n = 0; n < (flags & 0x1f); n++) {
      const [kind = 0, first = 0, second = 0] = plain.subarray(from + 3 * n, from + 3 * n + 3);
      const isValid = (kind & 0x04) !== 0 && (kind & 0x02) === 0;
      const isEmpty = ((first & 0x7f) | (second & 0x7f)) === 0;
      if (isValid && !isEmpty) pairs.push({ field: (kind & 0x01) === 0 ? 1 : 2, first, second });
    }
  }
  return pairs;
}

/** Takes out the threes that keep start codes from appearing. Other data holds none of these sequences by rule. */
function withoutEmulation(data: Buffer): Buffer {
  if (data.indexOf('\x00\x00\x03', 0, 'latin1') < 0) return data;
  const out = Buffer.allocUnsafe(data.length);
  let length = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}
