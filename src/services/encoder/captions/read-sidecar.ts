/** Reads a caption file that lies beside a master, whatever it is called and however it is encoded. */
import type { SidecarFile } from '../../../contracts/tasks.ts';
import { TaskFailure } from '../task-failure.ts';
import { CUES_MAX, type ReadCaptions } from './cues.ts';
import { decodeText } from './decode-text.ts';
import { readSubRip } from './subrip.ts';
import { isTtml, readTtml } from './ttml.ts';
import { isWebVtt, readWebVtt } from './web-vtt.ts';

/** The captions of a long film have about a hundred kilobytes, with the mark-up of TTML ten times as much. */
export const SIDECAR_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The text itself says what it is: names are wrong often enough. Throws TaskFailure `unsupported` with a sentence for
 * who put the file there.
 */
export function readSidecar(
  bytes: Buffer,
  { language, format }: Pick<SidecarFile, 'language' | 'format'>,
): ReadCaptions & { code: string } {
  if (bytes.length > SIDECAR_BYTES_MAX) throw refused('the file is too large for captions');
  const { text, code } = decodeText(bytes, language);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none.
  if (/\x00/.test(text.slice(0, 4096))) throw refused('the file is no text');
  // Files about a film are XML as well; they are nobody's mistake.
  if (format === 'xml' && !isTtml(text)) return { cues: [], dropped: 0, code };
  const read = isTtml(text) ? readTtml(text) : isWebVtt(text) ? readWebVtt(text) : readSubRip(text);
  if (read.cues.length > CUES_MAX) throw refused(`the file has more than ${CUES_MAX} captions`);
  if (read.cues.length === 0) throw refused('no captions were found in the file');
  return { ...read, code };
}

function refused(why: string): TaskFailure {
  return new TaskFailure('unsupported', why, { retry: false });
}
