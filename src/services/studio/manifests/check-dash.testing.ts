/**
 * For tests only: checks an MPD beyond its schema, with the sizes of the media files at hand: ids, roles, time lines,
 * files, and whether the promised bandwidths let a player go on without waiting. It answers with sentences.
 */
import type { MediaFiles } from './check-hls.testing.ts';
import { type Node, readMpd } from './mpd-reader.testing.ts';

type Segment = { fromS: number; seconds: number; bytes: number };

const ROLES: Record<string, string[]> = {
  video: ['main'],
  audio: ['main', 'alternate', 'description', 'commentary'],
  text: ['main', 'subtitle', 'caption', 'forced-subtitle'],
};

/** `grownS`: how long what is listed of a film that grows is, and by when of the clock all of that is available. */
export function checkDash(
  xml: string,
  files: MediaFiles,
  growing?: { grownS: number; nowMs: number },
): string[] {
  const { root, faults } = readMpd(xml);
  if (!root) return faults;
  if ((root.attributes.get('type') === 'dynamic') !== (growing !== undefined)) faults.push('of another type');
  const sinceMs = Date.parse(root.attributes.get('availabilityStartTime') ?? '');
  if (growing && !(sinceMs + growing.grownS * 1000 <= growing.nowMs)) faults.push('not available yet');
  const [period] = root.children;
  const sets = period?.children ?? [];
  const filmS = growing?.grownS ?? seconds(root.attributes.get('mediaPresentationDuration'));
  const bufferS = seconds(root.attributes.get('minBufferTime'));
  const representations = sets.flatMap((set) => set.children.filter(({ name }) => name === 'Representation'));
  if (root.children.length !== 1) faults.push('not one period');
  for (const nodes of [sets, representations]) {
    if (new Set(nodes.map((node) => node.attributes.get('id'))).size !== nodes.length)
      faults.push('ids twice');
  }
  const videos = sets.filter((set) => set.attributes.get('contentType') === 'video');
  if (videos.length === 0) faults.push('no set of videos');
  for (const set of sets) faults.push(...checkSet(set, { files, filmS, bufferS }));
  return faults;
}

type Film = { files: MediaFiles; filmS: number; bufferS: number };

function checkSet(set: Node, film: Film): string[] {
  const faults: string[] = [];
  const type = set.attributes.get('contentType') ?? '';
  const mime = set.attributes.get('mimeType') ?? '';
  const found = set.children.filter(({ name }) => name === 'Representation');
  const roles = set.children
    .filter(({ name }) => name === 'Role')
    .map((role) => role.attributes.get('value'));
  if (found.length === 0) faults.push('a set without representations');
  if (roles.some((role) => !ROLES[type]?.includes(role ?? ''))) faults.push(`roles ${roles} of ${type}`);
  const isWinding = set.children.some((one) => one.attributes.get('schemeIdUri')?.endsWith('trickmode'));
  if (type !== 'image' && roles.length === 0 && !isWinding) faults.push(`${type} without a role`);
  const wanted: Record<string, string[]> = { text: ['text/vtt', 'application/mp4'], image: ['image/jpeg'] };
  if (!(wanted[type] ?? [`${type}/mp4`]).includes(mime)) faults.push(`${type} of type ${mime}`);
  const decoders = found.map((node) => node.attributes.get('codecs')?.split('.')[0]);
  if (new Set(decoders).size > 1) faults.push('a set that no one decoder plays');
  const lines = found.map((representation) => checkRepresentation(representation, type, film, faults));
  const starts = new Set(lines.map((line) => JSON.stringify(line.map(({ fromS }) => fromS))));
  if (type === 'video' && starts.size > 1) faults.push('segments of videos are not aligned');
  return faults;
}

function checkRepresentation(node: Node, type: string, film: Film, faults: string[]): Segment[] {
  const id = node.attributes.get('id');
  const child = (name: string) => node.children.find((one) => one.name === name);
  const template = child('SegmentTemplate');
  const base = child('BaseURL')?.text;
  const needs = {
    video: ['codecs', 'width', 'height', 'frameRate', 'sar'],
    audio: ['codecs', 'audioSamplingRate'],
  };
  for (const name of type === 'video' || type === 'audio' ? needs[type] : []) {
    if (!node.attributes.has(name)) faults.push(`${id} without ${name}`);
  }
  if ((type === 'audio') !== (child('AudioChannelConfiguration') !== undefined)) faults.push('channels');
  if ((type === 'image') !== (child('EssentialProperty') !== undefined)) faults.push('essential properties');
  if ((template === undefined) === (base === undefined))
    faults.push(`${id} with no or two kinds of segments`);
  if (base !== undefined && !film.files.has(decodeURIComponent(base))) faults.push(`${base} does not exist`);
  if (!template) return [];
  const segments = readSegments(template, film, faults);
  const promised = Number(node.attributes.get('bandwidth'));
  if (type !== 'image' && waits(segments, promised, film.bufferS))
    faults.push(`${id} waits at ${promised} bit/s`);
  return segments;
}

function readSegments(template: Node, { files, filmS }: Film, faults: string[]): Segment[] {
  const get = (name: string) => template.attributes.get(name);
  const timescale = Number(get('timescale'));
  const first = Number(get('startNumber'));
  const line = template.children.find(({ name }) => name === 'SegmentTimeline');
  const times = line ? timesOf(line, faults) : equalTimes(Number(get('duration')), filmS * timescale);
  if ((line === undefined) === (get('duration') === undefined))
    faults.push('lengths are told in no or two ways');
  const need = (name: string) => {
    const bytes = files.get(decodeURIComponent(name));
    if (bytes === undefined) faults.push(`${name} does not exist`);
    return bytes ?? 0;
  };
  const initialization = get('initialization');
  if (initialization !== undefined) need(initialization);
  const segments = times.map(({ from, ticks }, at) => {
    const bytes = need(expand(get('media') ?? '', first + at));
    return { fromS: from / timescale, seconds: ticks / timescale, bytes };
  });
  const last = segments.at(-1);
  const endS = (last?.fromS ?? 0) + (last?.seconds ?? 0);
  if (segments[0]?.fromS !== 0) faults.push('does not begin with the film');
  if (line && Math.abs(endS - filmS) > 0.03) faults.push(`ends at ${endS} of ${filmS} s`);
  const next = expand(get('media') ?? '', first + segments.length);
  if (files.has(decodeURIComponent(next))) faults.push(`${next} is not listed`);
  return segments;
}

function timesOf(line: Node, faults: string[]): Array<{ from: number; ticks: number }> {
  let now = 0;
  return line.children.flatMap(({ attributes }) => {
    const ticks = Number(attributes.get('d'));
    const from = Number(attributes.get('t') ?? now);
    if (from < now) faults.push('segments overlap');
    const repeats = Number(attributes.get('r') ?? 0) + 1;
    now = from + repeats * ticks;
    return Array.from({ length: repeats }, (_, at) => ({ from: from + at * ticks, ticks }));
  });
}

function equalTimes(duration: number, filmTicks: number): Array<{ from: number; ticks: number }> {
  const count = Math.ceil(filmTicks / duration);
  return Array.from({ length: count }, (_, at) => ({ from: at * duration, ticks: duration }));
}

function expand(template: string, number: number): string {
  return template.replaceAll(/\$(\$|Number(?:%0(\d+)d)?\$)/g, (_, kind: string, width?: string) =>
    kind === '$' ? '$' : String(number).padStart(Number(width ?? 1), '0'),
  );
}

/** Whether a player that starts at any segment after `bufferS` of loading runs dry at that constant bandwidth. */
function waits(segments: readonly Segment[], bitsPerS: number, bufferS: number): boolean {
  return segments.some((_, start) => {
    let bits = 0;
    let playedS = 0;
    return segments.slice(start).some(({ bytes, seconds }) => {
      bits += bytes * 8;
      const late = bits > bitsPerS * (bufferS + playedS) + 8;
      playedS += seconds;
      return late;
    });
  });
}

function seconds(duration: string | undefined): number {
  const [, h = 0, m = 0, s = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration ?? '') ?? [];
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
}
