/**
 * What an analysis of a film's pictures measured, and what its ladder was chosen by. Written by workers and by the
 * studio, stored with the title, shown to operators. Types only.
 */
import { z } from 'zod';

/**
 * How quality is measured, over pictures scaled up to the size of the largest shape. `vmaf`: Netflix's VMAF, 0 to 100,
 * mean over pictures. `ssim`: structural similarity of the luma, as `-10 log10(1 - SSIM)`, in dB, mean of two scales.
 */
export const qualityMetric = z.enum(['vmaf', 'ssim']);
export type QualityMetric = z.infer<typeof qualityMetric>;

/** One encode of the samples. */
export const qualityPoint = z.object({
  width: z.number().int(),
  height: z.number().int(),
  crf: z.number(),
  bitsPerS: z.number().positive(),
  quality: z.number(),
});
export type QualityPoint = z.infer<typeof qualityPoint>;

/** A stretch of the film's constant-rate time line that was looked at. */
export const sampleSpan = z.object({
  firstFrame: z.number().int().min(0),
  frames: z.number().int().positive(),
});
export type SampleSpan = z.infer<typeof sampleSpan>;

export const pictureAnalysis = z.object({
  metric: qualityMetric,
  /** The x264 preset of the sample encodes. */
  preset: z.string(),
  samples: z.array(sampleSpan).min(1),
  points: z.array(qualityPoint).min(1).max(100),
  /** Where a shot begins within the samples, in frames of the film. */
  cuts: z.array(z.number().int().min(0)).max(1000),
  /** Processor seconds that it took. */
  cpuS: z.number(),
});
export type PictureAnalysis = z.infer<typeof pictureAnalysis>;
