/**
 * The chain of filters from a master's pictures to a rendition's, the same for encodes, thumbnails and posters:
 * deinterlace, constant rate on the title's time line, size, colour. It only writes text for ffmpeg.
 */
import type { z } from 'zod';
import type { pictureTreatment, Rung } from '../../contracts/tasks.ts';
import type { ProbedStream } from './probe.ts';

export type PictureTreatment = z.infer<typeof pictureTreatment>;

/**
 * Time base in which frame times of every usual rate are whole numbers (it is a multiple of 24000, 25, 30000,
 * 48, 50 and 60000), so that `fps` maps a frame to the same slot in whichever chunk it is met.
 */
const TICKS_PER_S = 720_000;

/** Pictures before the first wanted one are decoded from this far back, because seeks are not exact. */
const SEEK_BACK_S = 0.5;
/** The same for containers without an index, where a seek may land behind the key frame that is needed. */
const SEEK_BACK_UNINDEXED_S = 15;

/** Seconds of the title at which a frame of the constant-rate time line stands. */
export function frameTimeS(frame: number, rate: PictureTreatment['frameRate']): number {
  return (frame * rate.den) / rate.num;
}

/**
 * Input options that make the first video frame stand at zero and start reading a little before `fromS` of the
 * title. Times stay those of the file (`-copyts`), which makes the result independent of where reading starts.
 */
export function seekOptions(startS: number, fromS: number, indexed: boolean): string[] {
  const targetS = fromS - (indexed ? SEEK_BACK_S : SEEK_BACK_UNINDEXED_S);
  const seek =
    targetS > 0 ? ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', (startS + targetS).toFixed(6)] : [];
  return ['-copyts', '-itsoffset', (-startS).toFixed(6), ...seek];
}

/** Brings frames to the constant rate from slot `firstFrame` on; what comes before is dropped. */
export function rateFilters(picture: PictureTreatment, firstFrame: number): string[] {
  if (picture.detelecine) return filmFilters(picture, picture.detelecine, firstFrame);
  const { num, den } = picture.frameRate;
  const fromS = frameTimeS(firstFrame, picture.frameRate).toFixed(9);
  return [
    ...(picture.deinterlace ? ['bwdif=mode=send_frame:parity=auto:deint=all'] : []),
    `settb=1/${TICKS_PER_S}`,
    `fps=fps=${num}/${den}:round=near:start_time=${fromS}`,
  ];
}

/**
 * Undoes 3:2 pulldown: fields are matched to the film's frames again, and of five the repeated one is dropped. The
 * fives are counted from the film's start in every chunk, and one of them is read ahead, so that all chunks drop the
 * same ones. What does not match (titles made in video) is deinterlaced.
 */
function filmFilters(picture: PictureTreatment, first: 'top' | 'bottom', firstFrame: number): string[] {
  const { num, den } = picture.frameRate;
  const five = Math.max(0, Math.floor(firstFrame / 4) - 1);
  const pulled = { num: num * 5, den: den * 4 };
  return [
    `settb=1/${TICKS_PER_S}`,
    `fps=fps=${pulled.num}/${pulled.den}:round=near:start_time=${frameTimeS(five * 5, pulled).toFixed(9)}`,
    `fieldmatch=order=${first === 'top' ? 'tff' : 'bff'}:mode=pc_n:combmatch=sc`,
    'bwdif=mode=send_frame:parity=auto:deint=interlaced',
    'decimate=cycle=5',
    `trim=start_frame=${firstFrame - 4 * five}`,
    `settb=${den}/${num}`,
    `setpts=N+${firstFrame}`,
  ];
}

/** What encoders of 4:2:0 pictures take. */
export function evenSide(side: number): number {
  return Math.max(2, 2 * Math.round(side / 2));
}

export type Shape = { width: number; height: number };

/**
 * Cuts black bars off and scales to the shape with square pixels in the limited range: BT.709 with 8 bits, or with
 * 10 bits the master's own BT.2020 where its high dynamic range is kept.
 */
export function videoShapeFilters(
  picture: PictureTreatment,
  stream: ProbedStream,
  to: Shape & Pick<Rung, 'range'>,
): string[] {
  if (picture.toneMap !== 'none' && picture.toneMap === to.range) {
    const range = picture.fullRange ? 'full' : 'tv';
    const matrices = 'in_color_matrix=bt2020:out_color_matrix=bt2020';
    const scale = `scale=w=${to.width}:h=${to.height}:${SCALER}:in_range=${range}:out_range=tv:${matrices}`;
    return [...cropFilters(picture), scale, 'setsar=1', 'format=yuv420p10le'];
  }
  if (picture.toneMap !== 'none') {
    return [...cropFilters(picture), ...toneMapFilters(picture, to), 'setsar=1', 'format=yuv420p'];
  }
  return [
    ...cropFilters(picture),
    scaleFilter(picture, stream, to, 'out_range=tv:out_color_matrix=bt709'),
    'setsar=1',
    'format=yuv420p',
  ];
}

/** The same for JPEG files, which are full range BT.601 by the JFIF specification. */
export function stillShapeFilters(picture: PictureTreatment, stream: ProbedStream, to: Shape): string[] {
  const jpeg = 'out_range=full:out_color_matrix=bt601';
  if (picture.toneMap !== 'none') {
    return [
      ...cropFilters(picture),
      ...toneMapFilters(picture, to),
      `scale=in_range=tv:in_color_matrix=bt709:${jpeg}`,
      'setsar=1',
      'format=yuvj420p',
    ];
  }
  return [...cropFilters(picture), scaleFilter(picture, stream, to, jpeg), 'setsar=1', 'format=yuvj420p'];
}

function cropFilters({ crop }: PictureTreatment): string[] {
  return crop ? [`crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}`] : [];
}

const SCALER = 'flags=lanczos+accurate_rnd+full_chroma_int';

function scaleFilter(picture: PictureTreatment, stream: ProbedStream, to: Shape, out: string): string {
  const range = picture.fullRange ? 'full' : 'tv';
  const from = isRgb(stream.pix_fmt) ? '' : `:in_range=${range}:in_color_matrix=${sourceMatrix(stream)}`;
  return `scale=w=${to.width}:h=${to.height}:${SCALER}${from}:${out}`;
}

function isRgb(format = ''): boolean {
  return /^(0?[ar]?(rgb|bgr)|gbr|pal8)/.test(format);
}

/** An unmarked picture is BT.709 from 720 lines up and BT.601 below, as players assume too. */
function sourceMatrix(stream: ProbedStream): string {
  const known: Readonly<Record<string, string>> = {
    bt709: 'bt709',
    smpte170m: 'smpte170m',
    bt470bg: 'bt470bg',
    smpte240m: 'smpte240m',
    fcc: 'fcc',
    bt2020nc: 'bt2020',
    bt2020c: 'bt2020',
  };
  const named = known[stream.color_space ?? ''];
  if (named) return named;
  return Math.min(stream.width ?? 0, stream.height ?? 0) >= 720 ? 'bt709' : 'smpte170m';
}

/**
 * HDR (BT.2020 with PQ or HLG) to SDR: linear light in floats, Hable's curve, BT.709. Scaling comes first, because
 * the float stages cost most. 100 cd/m2 is the SDR white that the curve is anchored to.
 */
function toneMapFilters(picture: PictureTreatment, to: Shape): string[] {
  const transfer = picture.toneMap === 'pq' ? 'smpte2084' : 'arib-std-b67';
  const range = picture.fullRange ? 'full' : 'limited';
  return [
    `scale=w=${to.width}:h=${to.height}:${SCALER}`,
    'format=yuv420p10le',
    `zscale=tin=${transfer}:pin=bt2020:min=bt2020nc:rin=${range}:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:p=bt709:r=limited',
    'format=yuv420p',
  ];
}
