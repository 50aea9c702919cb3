/** Reads which ladder new titles get. Throws invalid_config when a preset or its file is wrong. */
import { readFile } from 'node:fs/promises';
import { MatineeError, systemCode } from './platform/errors.ts';
import { type LadderConfig, presetOf, readPresets } from './services/studio/presets.ts';
import type { Settings } from './settings.ts';

export async function ladderConfig({
  MATINEE_LADDER: ladder,
  MATINEE_LADDER_FILE: file,
}: Settings): Promise<LadderConfig> {
  const presets = readPresets(file === '' ? undefined : await textOf(file));
  presetOf(presets, ladder);
  return { presets, ladder };
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
