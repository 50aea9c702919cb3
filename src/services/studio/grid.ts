/**
 * The grid of a film: groups of pictures, segments and chunks, all counted in frames of the constant rate, so that
 * every rendition can be cut and joined at the same places. Pure arithmetic.
 */
import type { Inspection } from '../../contracts/tasks.ts';

export type GridConfig = { segmentS: number; chunkS: number; gopS: number };

export type Grid = {
  frames: number;
  gopFrames: number;
  segmentFrames: number;
  /** Exact length of a segment, which is not a round number at 29.97 frames a second. */
  segmentS: number;
  durationS: number;
};

export type Chunk = { firstFrame: number; frames: number; last: boolean };

export function planGrid(found: Pick<Inspection, 'durationS' | 'video'>, config: GridConfig): Grid {
  const { num, den } = found.video.frameRate;
  const frames = Math.max(1, Math.round((found.durationS * num) / den));
  const gopFrames = Math.max(1, Math.round((config.gopS * num) / den));
  const segmentFrames = gopFrames * Math.max(1, Math.round(config.segmentS / config.gopS));
  return {
    frames,
    gopFrames,
    segmentFrames,
    segmentS: (segmentFrames * den) / num,
    durationS: (frames * den) / num,
  };
}

/**
 * Chunks of whole segments. What is left at the end goes with the last chunk when it is short, since every chunk
 * costs a start of its own.
 */
export function planChunks(grid: Grid, config: GridConfig): Chunk[] {
  const chunkFrames = grid.segmentFrames * Math.max(1, Math.round(config.chunkS / config.segmentS));
  const count = Math.max(1, Math.round(grid.frames / chunkFrames));
  return Array.from({ length: count }, (_, index) => {
    const firstFrame = index * chunkFrames;
    const last = index === count - 1;
    return { firstFrame, frames: last ? grid.frames - firstFrame : chunkFrames, last };
  });
}
