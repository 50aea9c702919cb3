/** How lines and attributes of HLS playlists are spelled (RFC 8216bis, 4.1 and 4.2). */

/** Players of version 7 know everything that these playlists hold; `EXT-X-MAP` asks for 6. */
const VERSION = 7;

export function playlist(lines: readonly string[]): string {
  return `${['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, ...lines].join('\n')}\n`;
}

/** A tag with the attributes that have a value, in the order given. */
export function tag(name: string, attributes: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return `#${name}:${pairs.join(',')}`;
}

/** Without what a quoted string cannot hold: quotes, line breaks, and what looks like a variable (4.3). */
export function quotable(text: string): string {
  return text
    .replaceAll('"', '”')
    .replaceAll(/[\r\n]/g, ' ')
    .replaceAll('{$', '{ $');
}

export function quoted(text: string): string {
  return `"${quotable(text)}"`;
}

export const yes = (value: boolean) => (value ? 'YES' : 'NO');

export const extinf = (micros: number) => `#EXTINF:${(micros / 1_000_000).toFixed(6)},`;
