/** Which files are captions by their names. Such a file is no film: it belongs to the film that it lies beside. */
import type { SidecarFile } from './tasks.ts';

const FORMATS: Readonly<Record<string, SidecarFile['format']>> = {
  ...{ srt: 'srt', vtt: 'vtt', webvtt: 'vtt' },
  ...{ ttml: 'ttml', dfxp: 'ttml', itt: 'ttml', xml: 'xml' },
};

/** Undefined for a file that is no captions, and for hidden ones. */
export function captionFormat(key: string): SidecarFile['format'] | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const ending = /^[^.].*\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined;
}
