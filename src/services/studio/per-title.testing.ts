/** For tests only: what encodes of real clips measured (x264 veryfast; SSIM in dB and VMAF), to choose ladders from. */
import type { PictureAnalysis, QualityMetric } from '../../contracts/analysis.ts';

/** Width, height, CRF, bits per second, SSIM, VMAF. */
type Row = readonly [number, number, number, number, number, number];

/** A dog in a garden, 720p, live action. */
const DOG: readonly Row[] = [
  [1280, 720, 25, 1056396, 16.45, 90.5],
  [1280, 720, 31, 506916, 12.85, 80.7],
  [1280, 720, 37, 243499, 9.65, 62.4],
  [960, 540, 25, 686856, 14.08, 85.7],
  [960, 540, 31, 331451, 11.27, 73.3],
  [960, 540, 37, 155183, 8.52, 53.2],
  [768, 432, 25, 491817, 12.35, 80.2],
  [768, 432, 31, 236664, 10.05, 66.1],
  [768, 432, 37, 109195, 7.63, 44.7],
  [640, 360, 25, 378595, 10.99, 74.2],
  [640, 360, 31, 182975, 9.11, 58.9],
  [640, 360, 37, 83549, 7.01, 36.8],
];

/** Dark computer graphics with many cuts, 1920x818. */
const MONTAGE: readonly Row[] = [
  [1920, 818, 25, 514412, 20.23, 91.2],
  [1920, 818, 31, 243318, 17.29, 83.7],
  [1920, 818, 37, 124531, 14.54, 69.5],
  [1280, 546, 25, 264796, 17.41, 83.9],
  [1280, 546, 31, 126353, 15.36, 74.3],
  [1280, 546, 37, 64947, 13.26, 57.6],
  [960, 408, 25, 171380, 15.88, 77.2],
  [960, 408, 31, 81828, 14.24, 66.0],
  [960, 408, 37, 42545, 12.54, 49.0],
  [768, 328, 25, 122356, 14.9, 70.7],
  [768, 328, 31, 58945, 13.51, 58.4],
  [768, 328, 37, 31725, 12.06, 41.0],
];

export const CLIPS = { dog: DOG, montage: MONTAGE };

export function analysisOf(clip: keyof typeof CLIPS, metric: QualityMetric): PictureAnalysis {
  const points = CLIPS[clip].map(([width, height, crf, bitsPerS, ssim, vmaf]) => ({
    ...{ width, height, crf, bitsPerS },
    quality: metric === 'vmaf' ? vmaf : ssim,
  }));
  return { metric, preset: 'veryfast', samples: [{ firstFrame: 0, frames: 72 }], points, cuts: [], cpuS: 1 };
}
