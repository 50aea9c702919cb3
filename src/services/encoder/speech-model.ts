/** Finds the model of speech recognition that an operator named, and the program that reads it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type SpeechModel =
  /** whisper.cpp's program and a file of it. */
  | { kind: 'whisper'; program: string; model: string }
  /** ffmpeg's `asr` filter and the three parts of a PocketSphinx model. */
  | { kind: 'pocketsphinx'; hmm: string; dict: string; lm: string };

/** Paths go into the argument of a filter, where these characters mean something. */
const ODD = /[\\':;,[\]\s]/;

/** Throws an error with a sentence for the operator. `filters`: what ffmpeg lists. */
export async function findSpeechModel(
  path: string,
  program: string,
  filters: string,
  runs: (program: string) => Promise<boolean>,
): Promise<SpeechModel> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new Error(`the speech model ${path} (MATINEE_SPEECH_MODEL) is not there`);
  if (found.isDirectory()) return pocketSphinx(path, filters);
  if (await runs(program)) return { kind: 'whisper', program, model: path };
  throw new Error(`${program} (MATINEE_SPEECH_PROGRAM) cannot be run; it comes with whisper.cpp`);
}

async function pocketSphinx(folder: string, filters: string): Promise<SpeechModel> {
  if (!/^ \S+ asr /m.test(filters)) throw new Error('ffmpeg was built without PocketSphinx (filter asr)');
  if (ODD.test(folder))
    throw new Error(`the path of the speech model has characters that are not possible: ${folder}`);
  const names = (await readdir(folder)).filter((name) => !ODD.test(name));
  const dict = names.find((name) => name.endsWith('.dict'));
  const lm = names.find((name) => /\.lm(\.bin)?$/.test(name) && !name.includes('phone'));
  for (const name of names) {
    const isAcoustic = await stat(join(folder, name, 'mdef')).catch(() => undefined);
    if (isAcoustic && dict && lm)
      return {
        kind: 'pocketsphinx',
        hmm: join(folder, name),
        dict: join(folder, dict),
        lm: join(folder, lm),
      };
  }
  throw new Error(`${folder} holds no PocketSphinx model: a folder with mdef, a .dict and a .lm or .lm.bin`);
}
