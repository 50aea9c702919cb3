/** What tracks are called in menus. */
const LOCALE = 'en';

/** "English" for "en" or "eng"; nothing for codes that say that the language is not known. */
export function languageOf(code: string): string | undefined {
  if (code === '' || code === 'und' || code === 'zxx' || code === 'mul' || code === 'mis') return undefined;
  try {
    return new Intl.DisplayNames([LOCALE], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

export type NamedTrack = {
  language: string;
  label: string | null;
  channels: number | null;
  purpose: string | null;
};

/** "English", "German (audio description)", "Original (5.1)": the language, then what sets it apart. */
export function audioName(track: NamedTrack): string {
  const language = languageOf(track.language);
  const notes: string[] = [];
  // A label may name the language itself: "English (commentary)", "English 2".
  const isWhole = language !== undefined && track.label?.startsWith(`${language} `);
  const base = (isWhole && track.label) || (language ?? 'Original');
  if (!isWhole && track.label && track.label !== language) notes.push(track.label);
  else if (!isWhole && track.purpose === 'visually impaired') notes.push('audio description');
  if (track.channels && track.channels > 2) notes.push(channelsName(track.channels));
  if (!language && notes.length > 0 && track.label) return notes.join(', ');
  return notes.length > 0 ? `${base} (${notes.join(', ')})` : base;
}

export function textName(track: NamedTrack): string {
  const language = languageOf(track.language);
  // The studio's own labels begin with the language: "English (SDH)".
  const own = track.label?.startsWith(`${language} (`) ? track.label : undefined;
  const note = track.label && track.label !== language && !own ? track.label : undefined;
  const base = language ?? note ?? 'Captions';
  if (track.purpose === 'hard of hearing') return `${base} (for the hard of hearing)`;
  return own ?? (language && note ? `${base} (${note})` : base);
}

function channelsName(channels: number): string {
  if (channels === 6) return '5.1';
  if (channels === 8) return '7.1';
  return `${channels} channels`;
}

/**
 * "1080p" for 1920x1080 and for 1920x804 alike: a wide film is named after the frame that it would fill, and an
 * upright one after its short side.
 */
export function qualityName(width: number, height: number): string {
  if (width < height) return `${width}p`;
  return `${Math.max(height, Math.round((width * 9) / 32) * 2)}p`;
}
