/** Reads which ladder new titles get. Throws invalid_config when a preset or its file is wrong. */
import { readFile } from 'node:fs/promises';
import { MatineeError, systemCode } from './platform/errors.ts';
import type { OtherCodec } from './services/studio/other-codecs.ts';
import { type LadderConfig, presetOf, readPresets } from './services/studio/presets.ts';
import type { SoundCodec } from './services/studio/stereo.ts';
import type { Settings } from './settings.ts';

/** Louder than this no film is meant to be. */
const LOUDEST_LUFS = -5;

export async function ladderConfig({
  MATINEE_LADDER: ladder,
  MATINEE_LADDER_FILE: file,
  MATINEE_CODECS: codecs,
  MATINEE_SOUND_CODECS: soundCodecs,
  MATINEE_EXPECTED_VIEWS: expectedViews,
  MATINEE_PRICE_CORE_HOUR: coreHour,
  MATINEE_PRICE_EGRESS_GB: egressGb,
  MATINEE_LOUDNESS: loudness,
  MATINEE_SPEECH_MODEL: speechModel,
  MATINEE_SPEECH_LANGUAGES: speechLanguages,
}: Settings): Promise<LadderConfig> {
  const presets = readPresets(file === '' ? undefined : await textOf(file));
  presetOf(presets, ladder);
  return {
    ...{ presets, ladder, codecs: otherCodecs(codecs), soundCodecs: otherSound(soundCodecs) },
    speechLanguages: speechModel === '' ? [] : speechLanguages.split(',').map((one) => one.trim()),
    expectedViews,
    ...(coreHour > 0 ? { coreHour } : {}),
    ...(coreHour > 0 && egressGb > 0 ? { prices: { coreHour, egressGb } } : {}),
    ...(loudness === 0 ? {} : { loudnessLufs: Math.min(loudness, LOUDEST_LUFS) }),
  };
}

function otherCodecs(text: string): OtherCodec[] {
  const names = namesOf('MATINEE_CODECS', text, ['h264', 'hevc', 'av1']);
  return (['hevc', 'av1'] as const).filter((codec) => names.includes(codec));
}

function otherSound(text: string): SoundCodec[] {
  const names = namesOf('MATINEE_SOUND_CODECS', text, ['aac', 'eac3', 'opus']);
  return (['eac3', 'opus'] as const).filter((codec) => names.includes(codec));
}

function namesOf(setting: string, text: string, known: readonly string[]): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new MatineeError('invalid_config', `${setting}: no such codec: ${unknown.join(', ')}`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = systemCode(cause) ?? (cause as Error).message;
    throw new MatineeError('invalid_config', `MATINEE_LADDER_FILE: ${file} cannot be read: ${why}`, {
      cause,
    });
  }
}
