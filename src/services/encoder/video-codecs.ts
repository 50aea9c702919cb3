/**
 * The encoders of H.264, HEVC and AV1 and how each is told to make chunks that join exactly: closed groups of
 * pictures on the grid, half-full buffers at the start, and headers that do not depend on content. `crf` is in the
 * codec's own scale. It only writes arguments for ffmpeg.
 */
import type { Mastering, Rung } from '../../contracts/tasks.ts';

type Asked = { rung: Rung; gopFrames: number; threads: number; mastering: Mastering | undefined };

/** SVT-AV1's numbers for the names of x264's presets, at about the same place between fast and thorough. */
const SVT_PRESETS: Readonly<Record<string, number>> = {
  ...{ ultrafast: 12, superfast: 11, veryfast: 10, faster: 9, fast: 8, medium: 7, slow: 6, slower: 5 },
  veryslow: 4,
};

export function codecArguments(asked: Asked): string[] {
  const codec = asked.rung.codec ?? 'h264';
  const encode = codec === 'hevc' ? hevc(asked) : codec === 'av1' ? av1(asked) : h264(asked);
  return [...encode, ...colourArguments(asked.rung)];
}

/** Of the pictures that go into the encoder. Ten bits only where the range needs them, for the oldest players. */
export function pixelFormatOf(rung: Pick<Rung, 'range'>): 'yuv420p' | 'yuv420p10le' {
  return (rung.range ?? 'sdr') === 'sdr' ? 'yuv420p' : 'yuv420p10le';
}

function h264({ rung, gopFrames }: Asked): string[] {
  const gop = String(gopFrames);
  return [
    ...['-c:v', 'libx264', '-preset', rung.preset, '-profile:v', 'high', '-crf', String(rung.crf)],
    ...['-maxrate', String(rung.bitsPerSMax), '-bufsize', String(2 * rung.bitsPerSMax)],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-bf', '2', '-pix_fmt', 'yuv420p'],
    // The captions inside the pictures are tracks of their own; manifests say that there are none left in here.
    ...['-a53cc', '0'],
    // Half-full buffers at the start of each chunk keep the joined stream within the buffer model; `stitchable`
    // keeps headers independent of content, so that one init segment serves all chunks.
    ...['-x264-params', 'open-gop=0:vbv-init=0.5:stitchable=1', '-flags', '+cgop'],
  ];
}

function hevc({ rung, gopFrames, threads, mastering }: Asked): string[] {
  const display = mastering?.display;
  const light = mastering?.light;
  const params = [
    ...['open-gop=0', 'scenecut=0', `keyint=${gopFrames}`, `min-keyint=${gopFrames}`, 'bframes=2'],
    ...['vbv-init=0.5', 'info=0', 'repeat-headers=0', 'log-level=error', `pools=${threads}`],
    ...(rung.range === 'pq' ? ['hdr10=1'] : []),
    ...(rung.range === 'pq' && display ? [`master-display=${displayText(display, 50_000, 10_000)}`] : []),
    ...(rung.range === 'pq' && light ? [`max-cll=${light.max},${light.average}`] : []),
  ];
  return [
    ...['-c:v', 'libx265', '-preset', rung.preset, '-crf', String(rung.crf), '-pix_fmt', pixelFormatOf(rung)],
    ...['-profile:v', pixelFormatOf(rung) === 'yuv420p' ? 'main' : 'main10', '-tag:v', 'hvc1'],
    ...['-maxrate', String(rung.bitsPerSMax), '-bufsize', String(2 * rung.bitsPerSMax)],
    ...['-x265-params', params.join(':')],
  ];
}

function av1({ rung, gopFrames, threads, mastering }: Asked): string[] {
  const display = mastering?.display;
  const light = mastering?.light;
  const params = [
    // Its group of pictures counts the frames after the key frame; ffmpeg's `-g` takes that into account.
    ...['irefresh-type=2', 'scd=0', `lp=${threads}`, `mbr=${Math.ceil(rung.bitsPerSMax / 1000)}`],
    ...(rung.filmGrain ? [`film-grain=${rung.filmGrain}`] : []),
    ...(rung.range === 'pq' ? ['enable-hdr=1'] : []),
    ...(rung.range === 'pq' && display ? [`mastering-display=${displayText(display, 1, 1)}`] : []),
    ...(rung.range === 'pq' && light ? [`content-light=${light.max},${light.average}`] : []),
  ];
  const preset = String(SVT_PRESETS[rung.preset] ?? SVT_PRESETS.veryfast);
  return [
    ...['-c:v', 'libsvtav1', '-preset', preset, '-crf', String(Math.round(rung.crf))],
    ...['-g', String(gopFrames), '-pix_fmt', pixelFormatOf(rung), '-svtav1-params', params.join(':')],
  ];
}

/** The form both encoders read; x265 counts in steps, SVT-AV1 in plain numbers. */
function displayText(
  display: NonNullable<Mastering['display']>,
  perUnit: number,
  perCandela: number,
): string {
  const steps = (value: number, per: number) => (per === 1 ? String(value) : String(Math.round(value * per)));
  const point = ([x, y]: readonly [number, number]) => `(${steps(x, perUnit)},${steps(y, perUnit)})`;
  const { red, green, blue, white, luminanceMin, luminanceMax } = display;
  const luminances = `L(${steps(luminanceMax, perCandela)},${steps(luminanceMin, perCandela)})`;
  return `G${point(green)}B${point(blue)}R${point(red)}WP${point(white)}${luminances}`;
}

function colourArguments(rung: Rung): string[] {
  const range = rung.range ?? 'sdr';
  const transfer = range === 'pq' ? 'smpte2084' : range === 'hlg' ? 'arib-std-b67' : 'bt709';
  const [primaries, matrix] = range === 'sdr' ? ['bt709', 'bt709'] : ['bt2020', 'bt2020nc'];
  return [
    ...['-color_primaries', primaries, '-color_trc', transfer],
    ...['-colorspace', matrix, '-color_range', 'tv'],
  ];
}
