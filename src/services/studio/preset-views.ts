/** Presets as operators read them: what each is for and what it makes. Pure. */
import type { PresetView } from '../../contracts/jobs.ts';
import { STEPS } from './ladder.ts';
import { isBuiltIn, type LadderConfig, type LadderPreset, type LadderStep } from './presets.ts';

export function presetViews({ presets, ladder }: Pick<LadderConfig, 'presets' | 'ladder'>): PresetView[] {
  return [...presets].map(([name, preset]) => ({
    ...{ name, meaning: preset.meaning ?? MEANINGS[preset.kind], kind: preset.kind },
    ...{
      contains: containsOf(preset),
      steps: stepsOf(preset),
      from: isBuiltIn(name, preset) ? 'built-in' : 'file',
    },
    default: name === ladder,
  }));
}

const MEANINGS: Readonly<Record<LadderPreset['kind'], string>> = {
  'per-title': 'Chosen for each film from an analysis of its pictures.',
  standard: 'The usual sizes at settings that suit most films, without an analysis.',
  fixed: 'The same sizes and rates for all films.',
};

function stepsOf(preset: LadderPreset): LadderStep[] {
  const steps = preset.kind === 'fixed' ? preset.steps : preset.kind === 'standard' ? STEPS : [];
  return steps
    .map(({ lines, crf, bitsPerSMax, preset: x264 }) => ({
      lines,
      crf,
      bitsPerSMax,
      preset: x264 as LadderStep['preset'],
    }))
    .toSorted((a, b) => a.lines - b.lines || a.bitsPerSMax - b.bitsPerSMax);
}

/** "5 renditions up to 1080 lines: 240 (to 0.4 Mbit/s), …" */
function containsOf(preset: LadderPreset): string {
  if (preset.kind === 'per-title')
    return `A small rendition at once, then up to ${preset.rungsMax} that the film is worth (x264 ${preset.preset}).`;
  const steps = stepsOf(preset);
  const list = steps.map(
    ({ lines, bitsPerSMax }) => `${lines} (to ${(bitsPerSMax / 1e6).toFixed(1)} Mbit/s)`,
  );
  const count = steps.length === 1 ? 'One rendition' : `Up to ${steps.length} renditions`;
  return `${count}, none larger than the master; lines: ${list.join(', ')}.`;
}
