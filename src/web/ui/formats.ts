/** Numbers and codes as a person reads them. English, like the rest of the pages. */
const LOCALE = 'en';

/** "1.4 GB". Powers of a thousand, as file managers and shops count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`;
}

export function formatSpeed(bytesPerS: number): string {
  return `${formatBytes(bytesPerS)}/s`;
}

/** The length of a film: "1 h 42 min", "4 min 5 s", "32 s". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes >= 10) return `${minutes} min`;
  if (minutes > 0) return whole % 60 > 0 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return `${whole} s`;
}

/** What remains, rounded so that it does not jitter: "about 3 min left". */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 4) return 'a moment left';
  if (seconds < 60) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} min left`;
  if (seconds < 48 * 3600) return `about ${Math.round(seconds / 360) / 10} h left`;
  return `about ${Math.round(seconds / 86_400)} days left`;
}

/** Never 100 % before it is whole. */
export function formatPercent(part: number): string {
  return `${percent(part)} %`;
}

export function percent(part: number): number {
  return part >= 1 ? 100 : Math.min(99, Math.max(0, Math.floor(part * 100)));
}

/** "English" for "en" or "eng"; a code that no one knows stays as it is. */
export function languageName(code: string): string {
  if (code === '' || code === 'und') return 'Unknown language';
  try {
    return new Intl.DisplayNames([LOCALE], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** "English, German and Dutch", each name once. */
export function languageNames(codes: readonly string[]): string {
  const names = [...new Set(codes.map(languageName))];
  return new Intl.ListFormat(LOCALE, { type: 'conjunction' }).format(names);
}

export function formatDay(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: 'long' }).format(new Date(iso));
}
