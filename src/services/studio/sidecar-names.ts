/**
 * Which objects are captions that belong to a master, and what their names say of them: `film.de.forced.srt` lies
 * beside `film.mp4`. Between the master's name and the ending stand nothing or a language and roles, in any order. Pure.
 */
import { captionFormat } from '../../contracts/captions.ts';
import { knownLanguage } from '../../contracts/language.ts';
import type { SidecarFile } from '../../contracts/tasks.ts';

export type SidecarName = {
  format: SidecarFile['format'];
  /** BCP 47, `und` when the name does not tell. */
  language: string;
  forced: boolean;
  hearingImpaired: boolean;
  default: boolean;
};

const FOR_DEAF: readonly string[] = ['sdh', 'cc', 'hoh'];
const TAGS_MAX = 5;

/** The names of masters without their endings that captions of this name can belong to. */
export function mastersOf(key: string): string[] {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const parts = key.slice(folder.length).split('.').slice(0, -1);
  const stems = parts.map((_, at) => folder + parts.slice(0, parts.length - at).join('.'));
  return stems.slice(0, TAGS_MAX + 1).filter((stem) => stem !== folder);
}

/** The name of a master without its ending; sidecars of it begin with this and a full stop. */
export function stemOf(masterKey: string): string {
  const slash = masterKey.lastIndexOf('/');
  const dot = masterKey.lastIndexOf('.');
  return dot > slash + 1 ? masterKey.slice(0, dot) : masterKey;
}

/** What a sidecar of this master is; undefined for an object that is none. */
export function sidecarOf(masterKey: string, key: string): SidecarName | undefined {
  const format = captionFormat(key);
  const stem = stemOf(masterKey);
  if (format === undefined || !key.startsWith(`${stem}.`)) return undefined;
  const tags = key
    .slice(stem.length + 1)
    .split('.')
    .slice(0, -1);
  if (tags.length > TAGS_MAX) return undefined;
  const found = { language: 'und', forced: false, hearingImpaired: false, default: false };
  for (const tag of tags) if (!take(tag.toLowerCase(), found)) return undefined;
  return { format, ...found };
}

/** False for a word that says nothing of captions: the object belongs to a master of another name then. */
function take(tag: string, found: Omit<SidecarName, 'format'>): boolean {
  // "hi" is Hindi, but behind another language it is "hearing impaired".
  if (FOR_DEAF.includes(tag) || (tag === 'hi' && found.language !== 'und')) found.hearingImpaired = true;
  else if (tag === 'forced') found.forced = true;
  else if (tag === 'default') found.default = true;
  else {
    const language = knownLanguage(tag);
    if (language === undefined || found.language !== 'und') return false;
    found.language = language;
  }
  return true;
}
