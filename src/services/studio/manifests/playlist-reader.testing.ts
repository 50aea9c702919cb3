/**
 * For tests only: reads HLS playlists as strictly as RFC 8216bis is written, and says what is wrong. It shares no code
 * with what writes them.
 */

export type TagLine = {
  name: string;
  value: string;
  attributes: Map<string, string>;
  uri: string | undefined;
};
export type ReadPlaylist = { tags: TagLine[]; faults: string[] };

const WITH_ATTRIBUTES = new Set([
  ...['EXT-X-STREAM-INF', 'EXT-X-MEDIA', 'EXT-X-MAP', 'EXT-X-IMAGE-STREAM-INF', 'EXT-X-TILES'],
  ...['EXT-X-START', 'EXT-X-I-FRAME-STREAM-INF', 'EXT-X-SESSION-DATA'],
  ...['EXT-X-KEY', 'EXT-X-SESSION-KEY'],
]);
/** Tags that belong to the URI in the next line. */
const BEFORE_URI = new Set(['EXT-X-STREAM-INF', 'EXTINF', 'EXT-X-TILES', 'EXT-X-BYTERANGE']);
const KNOWN = new Set([
  ...WITH_ATTRIBUTES,
  ...['EXTM3U', 'EXT-X-VERSION', 'EXT-X-INDEPENDENT-SEGMENTS', 'EXT-X-TARGETDURATION', 'EXTINF'],
  ...['EXT-X-MEDIA-SEQUENCE', 'EXT-X-PLAYLIST-TYPE', 'EXT-X-ENDLIST', 'EXT-X-IMAGES-ONLY'],
  ...['EXT-X-I-FRAMES-ONLY', 'EXT-X-BYTERANGE'],
]);
const QUOTED = /^"[^"\r\n]*"$/;
const INTEGER = /^\d{1,20}$/;
const YES_NO = /^(YES|NO)$/;
const FORMS: Record<string, RegExp> = {
  ...{ BANDWIDTH: INTEGER, 'AVERAGE-BANDWIDTH': INTEGER, CODECS: QUOTED, RESOLUTION: /^\d+x\d+$/ },
  ...{ 'FRAME-RATE': /^\d+(\.\d{1,3})?$/, AUDIO: QUOTED, SUBTITLES: QUOTED, 'CLOSED-CAPTIONS': /^NONE$/ },
  ...{ TYPE: /^(AUDIO|SUBTITLES)$/, 'GROUP-ID': QUOTED, NAME: /^"[^"\r\n]+"$/, DEFAULT: YES_NO },
  ...{ LANGUAGE: /^"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"$/, AUTOSELECT: YES_NO, FORCED: YES_NO },
  ...{ CHARACTERISTICS: QUOTED, CHANNELS: /^"\d+"$/, URI: /^"[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+"$/ },
  ...{ 'VIDEO-RANGE': /^(SDR|HLG|PQ)$/, 'DATA-ID': QUOTED },
  ...{ METHOD: /^(NONE|AES-128|SAMPLE-AES)$/, KEYFORMAT: QUOTED },
  ...{ LAYOUT: /^\d+x\d+$/, DURATION: /^\d+(\.\d+)?$/, 'TIME-OFFSET': /^-?\d+(\.\d+)?$/ },
};

export function readPlaylist(text: string): ReadPlaylist {
  const faults: string[] = [];
  if (/[^\P{Cc}\n]/u.test(text)) faults.push('control characters');
  if (text.includes('{$')) faults.push('a variable that is not defined');
  if (text.startsWith('\uFEFF')) faults.push('a byte order mark');
  if (text !== text.normalize('NFC')) faults.push('not in normal form C');
  if (text !== text.toWellFormed()) faults.push('not Unicode');
  if (!text.endsWith('\n')) faults.push('the last line is not ended');
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines[0] !== '#EXTM3U') faults.push('does not begin with #EXTM3U');
  const tags: TagLine[] = [];
  let waiting: TagLine[] = [];
  for (const line of lines) {
    if (!line.startsWith('#')) {
      if (!/^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/.test(line)) faults.push(`not a URI: ${line}`);
      if (waiting.length === 0) faults.push(`a URI without a tag: ${line}`);
      for (const tag of waiting) tag.uri = line;
      waiting = [];
      continue;
    }
    const [, name = '', value = ''] = /^#([A-Z0-9-]+)(?::(.*))?$/.exec(line) ?? [];
    if (!KNOWN.has(name)) faults.push(`unknown tag: ${line}`);
    const attributes = WITH_ATTRIBUTES.has(name) ? readAttributes(value, faults) : new Map<string, string>();
    const tag: TagLine = { name, value, attributes, uri: undefined };
    tags.push(tag);
    if (BEFORE_URI.has(name)) waiting.push(tag);
    else if (waiting.length > 0) faults.push(`no URI after ${waiting[0]?.name}`);
  }
  if (waiting.length > 0) faults.push(`no URI after ${waiting[0]?.name}`);
  return { tags, faults };
}

function readAttributes(list: string, faults: string[]): Map<string, string> {
  const attributes = new Map<string, string>();
  const one = /([A-Z0-9-]+)=("[^"]*"|[^",\s]+)(,|$)/y;
  while (one.lastIndex < list.length) {
    const [, name = '', value = '', comma] = one.exec(list) ?? [];
    if (name === '') {
      faults.push(`a broken attribute list: ${list}`);
      break;
    }
    if (attributes.has(name)) faults.push(`${name} stands twice`);
    if (!FORMS[name]?.test(value)) faults.push(`${name} cannot be ${value}`);
    attributes.set(name, value.replaceAll('"', ''));
    if (comma === ',' && one.lastIndex === list.length) faults.push(`a comma at the end: ${list}`);
  }
  return attributes;
}
