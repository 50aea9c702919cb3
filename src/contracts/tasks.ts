/**
 * Tasks: what the studio asks of the encoder fleet, and the lease API between them. A worker needs only HTTP:
 * inputs are presigned URLs, outputs go to presigned URLs that it asks for under its attempt's prefix.
 *
 * The studio plans, records and publishes; it never runs ffmpeg. A worker runs programs on media; it knows
 * neither titles nor databases.
 */
import { z } from 'zod';
import { pictureAnalysis } from './analysis.ts';
import { sampleKey, trackProtection } from './content-keys.ts';
import { emptyReply, endpoint } from './endpoint.ts';

// ---- what inspection finds -------------------------------------------------------------------------------

/** A rectangle of the pictures as they are decoded and turned, before their pixels are made square. Even numbers. */
export const crop = z.object({
  x: z.number().int().min(0),
  y: z.number().int().min(0),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
});
export type Crop = z.infer<typeof crop>;

/** SMPTE ST 2086 and CTA-861.3, as HDR10 carries them. Chromaticities are x and y; luminances are cd/m2. */
export const mastering = z.object({
  display: z
    .object({
      red: z.tuple([z.number(), z.number()]),
      green: z.tuple([z.number(), z.number()]),
      blue: z.tuple([z.number(), z.number()]),
      white: z.tuple([z.number(), z.number()]),
      luminanceMin: z.number(),
      luminanceMax: z.number(),
    })
    .optional(),
  light: z.object({ max: z.number().int().min(0), average: z.number().int().min(0) }).optional(),
});
export type Mastering = z.infer<typeof mastering>;

/** EBU R128 (ITU-R BS.1770) of a whole track: LUFS, and the true peak in dBTP. */
export const loudness = z.object({ integratedLufs: z.number(), rangeLu: z.number(), truePeakDb: z.number() });
export type Loudness = z.infer<typeof loudness>;

// Fields that are optional here are absent in what older versions stored.
export const videoStream = z.object({
  index: z.number().int(),
  codec: z.string(),
  /** After rotation and with square pixels, even numbers. */
  width: z.number().int(),
  height: z.number().int(),
  rotation: z.number().int(),
  /** Constant rate that the renditions get, as a fraction; a variable source is brought to it. */
  frameRate: z.object({ num: z.number().int().positive(), den: z.number().int().positive() }),
  variableFrameRate: z.boolean(),
  interlaced: z.boolean(),
  pixelFormat: z.string(),
  bitDepth: z.number().int(),
  colour: z.enum(['sdr', 'pq', 'hlg']),
  fullRange: z.boolean(),
  /** How frames follow each other. Telecine is 3:2 pulldown, which is undone: `frameRate` is the film's own then. */
  cadence: z.enum(['constant', 'variable', 'interlaced', 'telecine']).optional(),
  /** Of telecine: the field that comes first. */
  firstField: z.enum(['top', 'bottom']).optional(),
  /** What remains when black bars are cut off; null when there are none. `width` and `height` are after it. */
  crop: crop.nullable().optional(),
  /** ffmpeg's names, where the master states them. */
  primaries: z.string().optional(),
  transfer: z.string().optional(),
  matrix: z.string().optional(),
  mastering: mastering.optional(),
  /** Standard deviation of film grain, or of other noise that is new in every picture, in steps of eight bits. */
  grain: z.number().min(0).optional(),
});
export const audioStream = z.object({
  index: z.number().int(),
  codec: z.string(),
  channels: z.number().int(),
  sampleRate: z.number().int(),
  /** BCP 47, `und` when unknown. */
  language: z.string(),
  label: z.string(),
  default: z.boolean(),
  audioDescription: z.boolean(),
  /** People talking about the film. */
  commentary: z.boolean().optional(),
  /** ffmpeg's name, "5.1(side)". */
  layout: z.string().optional(),
  /** Of samples of the track; null when it is silent in all of them. */
  loudness: loudness.nullable().optional(),
});
export const chapter = z.object({ startS: z.number().min(0), endS: z.number(), title: z.string().max(200) });
export type Chapter = z.infer<typeof chapter>;
/** First channels of the two fields; the second ones (CC2, CC4) are hardly ever used. */
export const captionChannel = z.enum(['cc1', 'cc3']);
export const textStream = z.object({
  index: z.number().int(),
  codec: z.string(),
  language: z.string(),
  label: z.string(),
  default: z.boolean(),
  forced: z.boolean(),
  hearingImpaired: z.boolean(),
  /** Of CEA-608 captions inside the pictures: `index` is that of the pictures then. */
  channel: captionChannel.optional(),
});
export const inspection = z.object({
  container: z.string(),
  durationS: z.number().positive(),
  /** Seconds: where the first video frame stands on the master's time line. */
  startS: z.number(),
  bitsPerS: z.number().int().nullable(),
  video: videoStream,
  audio: z.array(audioStream),
  text: z.array(textStream),
  /** On the title's time line, in order, within the film. */
  chapters: z.array(chapter).max(500).optional(),
  /** Things worth knowing that do not stop the film: "variable frame rate brought to 30 fps"… */
  notes: z.array(z.string()),
});
export type Inspection = z.infer<typeof inspection>;

/** Why a master cannot become a title. The sentence for the uploader comes with the code. */
export const refusalCode = z.enum([
  'empty_file',
  'not_media',
  'no_video',
  'truncated',
  'undecodable',
  'unsupported',
  'too_small',
  'too_long',
  'clock_jumps',
]);
export type RefusalCode = z.infer<typeof refusalCode>;

// ---- tasks ---------------------------------------------------------------------------------------------

const rate = z.object({ num: z.number().int().positive(), den: z.number().int().positive() });

/** One video rung of the ladder. */
export const rung = z.object({
  /** "360p", after the height it stands for. */
  name: z.string(),
  width: z.number().int(),
  height: z.number().int(),
  crf: z.number(),
  /** Bits per second: the cap of the rate control (VBV), with a buffer of twice as much. */
  bitsPerSMax: z.number().int(),
  preset: z.string(),
  /** Absent is h264. */
  codec: z.enum(['h264', 'hevc', 'av1']).optional(),
  /** Of its pictures; absent is sdr. `pq` and `hlg` only of a master that is so, with 10 bits in hevc or av1. */
  range: z.enum(['sdr', 'pq', 'hlg']).optional(),
  /** AV1 only: strength of the grain that players add, 1 to 50, while it is taken out of what is encoded. */
  filmGrain: z.number().int().min(1).max(50).optional(),
});
export type Rung = z.infer<typeof rung>;

/** How the master's pictures become the renditions' pictures, the same for all rungs. */
export const pictureTreatment = z.object({
  frameRate: rate,
  startS: z.number(),
  deinterlace: z.boolean(),
  /** What the master is, for renditions in sdr; those in its own range are left as they are. */
  toneMap: z.enum(['none', 'pq', 'hlg']),
  fullRange: z.boolean(),
  crop: crop.optional(),
  /** Undo 3:2 pulldown, this field being first; `frameRate` is that of the film then. */
  detelecine: z.enum(['top', 'bottom']).optional(),
  mastering: mastering.optional(),
});

/** What a decoder's pictures must be told of besides the treatment, so that a first-light task need not probe. */
export const lightSource = z.object({
  container: z.string(),
  pixelFormat: z.string(),
  colorSpace: z.string().optional(),
  /** As coded: before rotation and with the pixels' own aspect. */
  width: z.number().int(),
  height: z.number().int(),
});
export type LightSource = z.infer<typeof lightSource>;

/** The sound of a span of the first light. Packets of AAC are counted from the film's first one, which is priming. */
export const lightSound = z.object({
  streamIndex: z.number().int(),
  fromMono: z.boolean(),
  channels: z.number().int(),
  bitsPerS: z.number().int(),
  /** The first packet of each segment, and behind them the one after the span's last. */
  bounds: z.array(z.number().int().min(0)).min(2).max(2000),
  /** What it is made louder by. */
  gainDb: z.number().min(-80).max(80).optional(),
});

/** A caption file that lies beside a master. */
export const sidecarFile = z.object({
  key: z.string(),
  /** By its name. XML may be anything; the others are captions or a mistake. */
  format: z.enum(['srt', 'vtt', 'ttml', 'xml']),
  bytes: z.number().int().min(0),
  /** BCP 47, `und` when its name does not tell. */
  language: z.string(),
});
export type SidecarFile = z.infer<typeof sidecarFile>;

export const taskSpec = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('inspect'), master: z.string(), bytes: z.number().int() }),
  /** A look at a master that is quick whatever its length: what the first light is planned from. */
  z.object({
    ...{ kind: z.literal('glance'), master: z.string(), bytes: z.number().int() },
    /** Finds the gain that brings the sound that plays first to about this. */
    loudnessLufs: z.number().min(-40).max(-5).optional(),
  }),
  /** A span of the first light: some segments of picture and sound, encoded and packaged in one go. */
  z.object({
    kind: z.literal('first-light'),
    master: z.string(),
    source: lightSource,
    streamIndex: z.number().int(),
    rung,
    picture: pictureTreatment,
    firstFrame: z.number().int(),
    frames: z.number().int().positive(),
    gopFrames: z.number().int().positive(),
    segmentFrames: z.number().int().positive(),
    /** Number of the span's first segment, from one. */
    firstSegment: z.number().int().positive(),
    sound: lightSound.nullable(),
    /** The film ends with it. */
    last: z.boolean(),
    /** A viewer waits for it: it may use all processors, and others' encodes yield to it. */
    urgent: z.boolean(),
    /** Absent is clear. Never stored: it is filled in when the task is leased, as in packages. */
    encryption: z.object({ video: sampleKey, audio: sampleKey }).optional(),
  }),
  z.object({
    kind: z.literal('encode-video'),
    master: z.string(),
    streamIndex: z.number().int(),
    rung,
    picture: pictureTreatment,
    /** Frames of the constant-rate time line: first frame and how many. */
    firstFrame: z.number().int(),
    frames: z.number().int().positive(),
    /** Frames between key frames; divides chunk and segment lengths. */
    gopFrames: z.number().int().positive(),
    /** The last chunk may come out shorter when the master ends early. */
    last: z.boolean(),
  }),
  /** Sample encodes at several sizes and qualities, from which the film's own ladder is chosen. */
  z.object({
    kind: z.literal('analyse'),
    master: z.string(),
    streamIndex: z.number().int(),
    picture: pictureTreatment,
    /** Of the whole film. */
    frames: z.number().int().positive(),
    /** Places at which the film's complexity is felt for; the samples are taken at some of them. */
    looks: z.array(z.number().int().min(0)).min(1).max(40),
    samples: z.object({ count: z.number().int().min(1).max(8), frames: z.number().int().positive() }),
    /** The largest last. */
    shapes: z
      .array(z.object({ width: z.number().int(), height: z.number().int() }))
      .min(1)
      .max(8),
    crfs: z.array(z.number()).min(2).max(6),
    preset: z.string(),
    gopFrames: z.number().int().positive(),
  }),
  z.object({
    kind: z.literal('encode-audio'),
    master: z.string(),
    streamIndex: z.number().int(),
    startS: z.number(),
    durationS: z.number(),
    channels: z.number().int(),
    bitsPerS: z.number().int(),
    /** Absent is aac, which is AAC-LC. */
    codec: z.enum(['aac', 'opus', 'eac3']).optional(),
    /** Brings the track to this many LUFS by one gain, its true peak kept below a ceiling. Absent: as it is. */
    loudnessLufs: z.number().min(-40).max(-5).optional(),
    /** The gain that viewers of the first light hear: kept where it is about right, so that its end is not heard. */
    heardGainDb: z.number().min(-80).max(80).optional(),
  }),
  z.object({
    kind: z.literal('extract-text'),
    master: z.string(),
    streamIndex: z.number().int(),
    startS: z.number(),
    durationS: z.number(),
    /** A file beside the master instead of a stream in it: `master` is its URL then. */
    sidecar: sidecarFile.optional(),
    /** Captions inside the pictures of `streamIndex`. */
    channel: captionChannel.optional(),
    /** BCP 47, where it is known. */
    language: z.string().optional(),
  }),
  /** Captions of what is said, by speech recognition. */
  z.object({
    kind: z.literal('transcribe'),
    master: z.string(),
    streamIndex: z.number().int(),
    startS: z.number(),
    durationS: z.number(),
    language: z.string(),
  }),
  z.object({
    kind: z.literal('package'),
    /** Encoded files in order: the chunks of one rung, or one audio file. */
    inputs: z.array(z.string()),
    /** SHA-256 of each, in base64url, where it is known. */
    digests: z.array(z.string().nullable()).optional(),
    media: z.enum(['video', 'audio']),
    segmentS: z.number(),
    language: z.string().optional(),
    /** Make a track of key frames beside it, for winding. */
    keys: z.boolean().optional(),
    encryption: sampleKey.optional(),
  }),
  z.object({
    kind: z.literal('images'),
    master: z.string(),
    streamIndex: z.number().int(),
    picture: pictureTreatment,
    durationS: z.number(),
    width: z.number().int(),
    height: z.number().int(),
  }),
]);
export type TaskSpec = z.infer<typeof taskSpec>;
export type TaskKind = TaskSpec['kind'];

/** A CMAF track as packaged, enough to write its playlists from. Stored as `track.json` beside the segments. */
export const packagedTrack = z.object({
  media: z.enum(['video', 'audio', 'text']),
  /** RFC 6381, "avc1.640028". */
  codecs: z.string(),
  timescale: z.number().int(),
  init: z.string(),
  /** Names relative to the track's prefix; durations in the timescale; the time line starts at `startTicks`. */
  startTicks: z.number().int(),
  segments: z.array(
    z.object({
      name: z.string(),
      ticks: z.number().int(),
      bytes: z.number().int(),
      /** Of pictures: how far its first one, a key frame, reaches from the segment's start. */
      keyBytes: z.number().int().positive().optional(),
    }),
  ),
  /** Peak over any one segment and mean over all, bits per second. */
  bitsPerSPeak: z.number().int(),
  bitsPerSMean: z.number().int(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  frameRate: rate.optional(),
  sampleRate: z.number().int().optional(),
  channels: z.number().int().optional(),
  protection: trackProtection.optional(),
});
export type PackagedTrack = z.infer<typeof packagedTrack>;

/** Tiles of small pictures for the seek bar: `columns` x `rows` pictures in each file, one every `everyS`. */
export const thumbnailSheets = z.object({
  files: z.array(z.string()),
  columns: z.number().int(),
  rows: z.number().int(),
  width: z.number().int(),
  height: z.number().int(),
  everyS: z.number(),
  count: z.number().int(),
});
export type ThumbnailSheets = z.infer<typeof thumbnailSheets>;

/** An output as the worker sent it. */
export const storedFile = z.object({
  name: z.string().max(100),
  bytes: z.number().int().min(0),
  /** SHA-256 in base64url. */
  sha256: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type StoredFile = z.infer<typeof storedFile>;

/** Absent in what older workers told. */
const storedFiles = z.array(storedFile).max(20_000).optional();

/** Some segments of a track, and what must be the same in all spans of it. */
export const lightTrack = z.object({
  codecs: z.string(),
  timescale: z.number().int(),
  /** Digest of the decoder configuration, which one init segment states for all spans. */
  config: z.string(),
  /** Ticks after the edit list, as in `packagedTrack`. */
  segments: z.array(z.object({ name: z.string(), ticks: z.number().int(), bytes: z.number().int() })),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  frameRate: rate.optional(),
  sampleRate: z.number().int().optional(),
  channels: z.number().int().optional(),
  protection: trackProtection.optional(),
});
export type LightTrack = z.infer<typeof lightTrack>;

/** Outputs are named relative to the attempt's prefix, which the studio knows. */
export const taskResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('inspect'),
    outcome: z.discriminatedUnion('verdict', [
      z.object({ verdict: z.literal('accepted'), inspection }),
      z.object({ verdict: z.literal('refused'), code: refusalCode, reason: z.string() }),
    ]),
  }),
  /** `unsure` is no refusal: the thorough inspection judges, and the film does without a first light. */
  z.object({
    kind: z.literal('glance'),
    outcome: z.discriminatedUnion('verdict', [
      z.object({
        ...{ verdict: z.literal('seen'), inspection, source: lightSource },
        /** From samples of the sound that plays first; absent where none was asked for or it is silent. */
        gainDb: z.number().min(-80).max(80).optional(),
      }),
      z.object({ verdict: z.literal('unsure'), reason: z.string() }),
    ]),
  }),
  /** Its files lie in one folder for all spans and attempts, since their names are known before they are there. */
  z.object({
    kind: z.literal('first-light'),
    frames: z.number().int(),
    video: lightTrack,
    audio: lightTrack.nullable(),
    files: storedFiles,
    cpuS: z.number(),
  }),
  z.object({
    kind: z.literal('encode-video'),
    file: z.string(),
    bytes: z.number().int(),
    frames: z.number().int(),
    files: storedFiles,
    cpuS: z.number(),
  }),
  z.object({ kind: z.literal('analyse'), analysis: pictureAnalysis }),
  /** `file` is null when the stream holds no sound at all within the film. */
  z.object({
    kind: z.literal('encode-audio'),
    file: z.string().nullable(),
    bytes: z.number().int(),
    files: storedFiles,
    cpuS: z.number(),
    /** Of the whole track as it was, and the gain it got. */
    loudness: loudness.nullable().optional(),
    gainDb: z.number().optional(),
  }),
  /** `file` is null when there is no cue. */
  z.object({
    kind: z.literal('extract-text'),
    file: z.string().nullable(),
    cues: z.number().int(),
    /** Cues of a sidecar file that could not be used. */
    dropped: z.number().int().optional(),
    /** The same cues as IMSC documents in CMAF segments. */
    imsc: packagedTrack.optional(),
    files: storedFiles,
  }),
  /** As of `extract-text`. */
  z.object({
    kind: z.literal('transcribe'),
    file: z.string().nullable(),
    cues: z.number().int(),
    imsc: packagedTrack.optional(),
    files: storedFiles,
  }),
  z.object({
    kind: z.literal('package'),
    track: packagedTrack,
    /** The first pictures of its segments alone, behind the same init segment. */
    keys: packagedTrack.optional(),
    files: storedFiles,
  }),
  z.object({
    kind: z.literal('images'),
    poster: z.string(),
    sheets: thumbnailSheets.nullable(),
    files: storedFiles,
  }),
]);
export type TaskResult = z.infer<typeof taskResult>;

// ---- the lease API ----------------------------------------------------------------------------------------

export const lease = z.object({
  task: z.string(),
  attempt: z.number().int().positive(),
  spec: taskSpec,
  /** Seconds within which a heartbeat must come. Send one every third of it. */
  leaseS: z.number(),
});
export type Lease = z.infer<typeof lease>;

const attempt = z.number().int().positive();
const taskParams = z.object({ task: z.string().max(200) });

const trouble = z.string().max(500).optional();

export const leaseTask = endpoint({
  id: 'leaseTask',
  method: 'POST',
  path: '/internal/studio/leases',
  summary: 'The most urgent task, or none after `waitS`.',
  internal: true,
  body: z.object({
    worker: z.string().max(100),
    waitS: z.number().min(0).max(30),
    /** Only what a viewer or an uploader waits for: the lane that long encodes cannot block. */
    urgentOnly: z.boolean().optional(),
    /** The worker's machine is about to be taken away: it is given nothing. */
    draining: z.boolean().optional(),
    /** Temporary disk that a task may fill: what needs more is not given. */
    roomBytes: z.number().min(0).optional(),
    /** Why this worker can do nothing at the moment, in words for operators: it is given nothing. */
    trouble,
  }),
  reply: z.object({ lease: lease.nullable() }),
});

export const heartbeatTask = endpoint({
  id: 'heartbeatTask',
  method: 'POST',
  path: '/internal/studio/leases/{task}/heartbeat',
  summary: 'Renews a lease and reports progress; stale_attempt or not_found mean: stop at once.',
  internal: true,
  params: taskParams,
  body: z.object({
    attempt,
    progress: z.number().min(0).max(1),
    fps: z.number().optional(),
    /** The worker's machine is about to be taken away; this is its last task. */
    draining: z.boolean().optional(),
    /** What keeps this task from going on. */
    trouble: trouble.nullable(),
  }),
  reply: emptyReply,
  errors: ['stale_attempt', 'not_found'],
});

export const signOutputs = endpoint({
  id: 'signOutputs',
  method: 'POST',
  path: '/internal/studio/leases/{task}/outputs',
  summary: "Presigned PUT URLs for files under this attempt's prefix.",
  internal: true,
  params: taskParams,
  body: z.object({
    attempt,
    names: z
      .array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/))
      .min(1)
      .max(1000),
  }),
  bodyBytesMax: 256 * 1024,
  reply: z.object({ urls: z.array(z.string()) }),
  errors: ['stale_attempt', 'not_found'],
});

export const completeTask = endpoint({
  id: 'completeTask',
  method: 'POST',
  path: '/internal/studio/leases/{task}/complete',
  summary: 'The outputs are stored; this is the result.',
  internal: true,
  params: taskParams,
  body: z.object({ attempt, result: taskResult }),
  bodyBytesMax: 4 * 1024 * 1024,
  reply: emptyReply,
  errors: ['stale_attempt', 'not_found', 'invalid_request'],
});

export const failTask = endpoint({
  id: 'failTask',
  method: 'POST',
  path: '/internal/studio/leases/{task}/fail',
  summary: 'The attempt failed; `log` is the last of what the program said.',
  internal: true,
  params: taskParams,
  body: z.object({
    attempt,
    code: z.string().max(100),
    message: z.string().max(4000),
    retry: z.boolean(),
    log: z.string().max(16_000).optional(),
    /** Places of inputs, from zero, that are gone or whose bytes are not those that were made. */
    badInputs: z.array(z.number().int().min(0)).max(10_000).optional(),
  }),
  reply: emptyReply,
  errors: ['stale_attempt', 'not_found'],
});
