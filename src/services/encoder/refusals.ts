/** Why a file could not even be opened as a film, in a sentence for its uploader. Pure. */
import type { RefusalCode } from '../../contracts/tasks.ts';

/** Judges by the file's first bytes and by ffprobe's errors. */
export function refusalOfUnreadable(head: Buffer, errors: string): { code: RefusalCode; reason: string } {
  if (/moov atom not found/i.test(errors) || (isMp4(head) && /invalid data|end of file/i.test(errors))) {
    const what = 'its index is missing, which usually means that the end of the file did not arrive';
    return { code: 'truncated', reason: `The file was cut off: ${what}. Please upload it again.` };
  }
  if (isText(head)) return { code: 'not_media', reason: 'This is a text file, not a film.' };
  if (/not on whitelist/i.test(errors)) {
    return {
      code: 'unsupported',
      reason: 'Files of this kind cannot be used. MP4, MKV, WebM, MOV and MPEG-TS can.',
    };
  }
  return { code: 'not_media', reason: 'This is not a film, or it is damaged beyond recognition.' };
}

function isMp4(head: Buffer): boolean {
  return ['ftyp', 'moov', 'mdat'].includes(head.toString('latin1', 4, 8));
}

/** UTF-8 or ASCII without control characters: playlists, scripts, subtitles, web pages. */
function isText(head: Buffer): boolean {
  if (head.length === 0) return false;
  for (const byte of head) {
    if (byte < 32 && ![9, 10, 12, 13, 27].includes(byte)) return false;
  }
  return true;
}
