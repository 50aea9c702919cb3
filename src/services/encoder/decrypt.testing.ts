/**
 * For tests only: takes the encryption off a media segment by the letter of ISO/IEC 23001-7 (`cbcs`), from what its own
 * boxes say. Nothing of what encrypts is used.
 */
import { createDecipheriv } from 'node:crypto';
import { boxes, findBox } from './mp4-boxes.ts';

export type Tenc = { keyId: string; iv: string; crypt: number; skip: number };

/** The encryption that an init segment states; undefined for a clear track. */
export function readTenc(init: Buffer): Tenc | undefined {
  const stsd = findBox(init, 'moov/trak/mdia/minf/stbl/stsd');
  const entry = stsd && boxes(stsd.subarray(8))[0];
  if (entry?.type !== 'encv' && entry?.type !== 'enca') return undefined;
  const tenc = findBox(entry.body.subarray(entry.type === 'encv' ? 78 : 28), 'sinf/schi/tenc');
  if (tenc?.[0] !== 1 || tenc[6] !== 1 || tenc[7] !== 0 || tenc[24] !== 16) return undefined;
  const pattern = tenc[5] ?? 0;
  return {
    ...{ keyId: tenc.toString('hex', 8, 24), iv: tenc.toString('hex', 25, 41) },
    ...{ crypt: pattern >> 4, skip: pattern & 15 },
  };
}

/** The media of all fragments, in clear. */
export function decryptMedia(segment: Buffer, tenc: Tenc, key: string): Buffer {
  const [moof, mdat] = ['moof', 'mdat'].map((type) => boxes(segment).find((box) => box.type === type)?.body);
  if (!moof || !mdat) throw new Error('a segment of one fragment was expected');
  const trun = findBox(moof, 'traf/trun');
  const senc = findBox(moof, 'traf/senc');
  if (!trun) throw new Error('no trun');
  const clear: Buffer[] = [];
  let at = 0;
  let place = 8;
  for (const size of sampleSizes(trun)) {
    const sample = mdat.subarray(at, at + size);
    at += size;
    if (senc && (senc[3] as number) & 2) {
      const parts: Buffer[] = [];
      let from = 0;
      const count = senc.readUInt16BE(place);
      place += 2;
      for (let n = 0; n < count; n++, place += 6) {
        const open = senc.readUInt16BE(place);
        const locked = senc.readUInt32BE(place + 2);
        parts.push(sample.subarray(from, from + open));
        parts.push(decryptRun(sample.subarray(from + open, from + open + locked), tenc, key));
        from += open + locked;
      }
      clear.push(...parts, sample.subarray(from));
    } else clear.push(decryptRun(sample, tenc, key));
  }
  return Buffer.concat(clear);
}

/** Every run starts with the constant IV; of a pattern, the encrypted blocks are one chain. */
function decryptRun(run: Buffer, { iv, crypt, skip }: Tenc, key: string): Buffer {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(key, 'hex'), Buffer.from(iv, 'hex'));
  decipher.setAutoPadding(false);
  const blocks = Math.floor(run.length / 16);
  const parts: Buffer[] = [];
  for (let block = 0; block < blocks; block++) {
    const bytes = run.subarray(block * 16, block * 16 + 16);
    const isLocked = skip === 0 || block % (crypt + skip) < crypt;
    parts.push(isLocked ? decipher.update(bytes) : bytes);
  }
  return Buffer.concat([...parts, run.subarray(blocks * 16)]);
}

function sampleSizes(trun: Buffer): number[] {
  const bits = trun.readUIntBE(1, 3);
  if ((bits & 0x200) === 0) throw new Error('sizes were expected in trun');
  const fields = [0x100, 0x200, 0x400, 0x800].filter((bit) => bits & bit);
  const start = 8 + (bits & 1 ? 4 : 0) + (bits & 4 ? 4 : 0);
  return Array.from({ length: trun.readUInt32BE(4) }, (_, n) =>
    trun.readUInt32BE(start + 4 * (n * fields.length + fields.indexOf(0x200))),
  );
}
