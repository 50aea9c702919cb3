/** Which byte ranges of a file are still to be sent, from what the store has acknowledged. */
import type { Upload } from '../../../contracts/uploads.ts';

export type Part = { partNumber: number; from: number; to: number };

/** Parts that the store lacks, or holds in another size than the plan says, in order. */
export function missingParts(upload: Pick<Upload, 'size' | 'partBytes' | 'parts'>): Part[] {
  const held = new Map(upload.parts.map(({ partNumber, size }) => [partNumber, size]));
  return allParts(upload).filter(({ partNumber, from, to }) => held.get(partNumber) !== to - from);
}

/** Bytes that need not be sent again. */
export function heldBytes(upload: Pick<Upload, 'size' | 'partBytes' | 'parts'>): number {
  const missing = missingParts(upload).reduce((sum, { from, to }) => sum + to - from, 0);
  return upload.size - missing;
}

function allParts({ size, partBytes }: Pick<Upload, 'size' | 'partBytes'>): Part[] {
  const count = Math.max(1, Math.ceil(size / partBytes));
  return Array.from({ length: count }, (_, index) => ({
    partNumber: index + 1,
    from: index * partBytes,
    to: Math.min(size, (index + 1) * partBytes),
  }));
}
