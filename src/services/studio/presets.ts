/**
 * Ladder presets: how the rungs of a film are come by. Some are built in; an operator's file adds others or replaces
 * them. Reading is pure; whoever has the file gives its text.
 */
import { z } from 'zod';
import { MatineeError } from '../../platform/errors.ts';
import type { Prices } from './codec-policy.ts';
import type { OtherCodec } from './other-codecs.ts';
import type { SoundCodec } from './stereo.ts';

const X264_PRESETS = [
  ...['ultrafast', 'superfast', 'veryfast', 'faster', 'fast'],
  ...['medium', 'slow', 'slower', 'veryslow'],
] as const;

const step = z.strictObject({
  /** Lines of the 16:9 box that the picture is fitted into; a picture is never made larger than the master. */
  lines: z.number().int().min(64).max(4320),
  crf: z.number().min(0).max(51),
  /** The most bits per second that the rate control allows. */
  bitsPerSMax: z.number().int().min(50_000).max(200_000_000),
  preset: z.enum(X264_PRESETS).default('veryfast'),
});
export type LadderStep = z.infer<typeof step>;

/** Two of one size and one cap would be one rendition twice. */
function differ(steps: ReadonlyArray<{ lines: number; bitsPerSMax: number }>): boolean {
  return new Set(steps.map(({ lines, bitsPerSMax }) => `${lines} ${bitsPerSMax}`)).size === steps.length;
}

/** What it is for, as operators read it where they choose. */
const meaning = z.string().trim().min(1).max(200).optional();

const ladderPreset = z.discriminatedUnion('kind', [
  /** Rungs chosen for each film from an analysis of its pictures. */
  z.strictObject({
    kind: z.literal('per-title'),
    rungsMax: z.number().int().min(1).max(12).default(7),
    preset: z.enum(X264_PRESETS).default('veryfast'),
    meaning,
  }),
  /** Five sizes at settings that suit most films; what a film gets when it cannot be analysed. */
  z.strictObject({ kind: z.literal('standard'), meaning }),
  /** The same steps for all films, from low to high. */
  z.strictObject({
    kind: z.literal('fixed'),
    steps: z.array(step).min(1).max(16).refine(differ, 'two steps have the same lines and bitsPerSMax'),
    meaning,
  }),
]);
export type LadderPreset = z.infer<typeof ladderPreset>;
export type LadderPresets = ReadonlyMap<string, LadderPreset>;
export type LadderConfig = {
  presets: LadderPresets;
  /** The preset of titles for which no other is asked. */
  ladder: string;
  /** In which upper rungs are made besides H.264. */
  codecs?: readonly OtherCodec[];
  /** What newer codecs are weighed by; absent makes them always. */
  prices?: Prices;
  /** What estimates tell money by. */
  coreHour?: number;
  /** Of titles that say nothing themselves. */
  expectedViews?: number;
  /** Of sound, besides AAC. */
  soundCodecs?: readonly SoundCodec[];
  /** Languages in which films get captions by speech recognition; absent is none. */
  speechLanguages?: readonly string[];
  /** What sound is brought to, in LUFS; absent leaves it as it is. */
  loudnessLufs?: number;
};

export const DEFAULT_PRESET = 'per-title';

const capped = (lines: number, bitsPerSMax: number): LadderStep => ({
  ...{ lines, crf: 18, bitsPerSMax, preset: 'veryfast' },
});

/**
 * Apple, "HTTP Live Streaming (HLS) authoring specification for Apple devices", section on H.264: sizes and rates. The
 * rates are caps here, since chunks of one rate control cannot be joined; easy films stay below them.
 */
export const APPLE_STEPS: readonly LadderStep[] = [
  ...[capped(234, 145_000), capped(360, 365_000), capped(432, 730_000), capped(432, 1_100_000)],
  ...[capped(540, 2_000_000), capped(720, 3_000_000), capped(720, 4_500_000)],
  ...[capped(1080, 6_000_000), capped(1080, 7_800_000)],
];

const BUILT_IN: Readonly<Record<string, LadderPreset>> = {
  'per-title': {
    ...{ kind: 'per-title', rungsMax: 7, preset: 'veryfast' },
    meaning: 'Chosen for each film from an analysis of its pictures: no bits that nobody sees.',
  },
  standard: {
    kind: 'standard',
    meaning: 'The usual sizes at settings that suit most films; no analysis, so it is ready sooner.',
  },
  apple: {
    kind: 'fixed',
    steps: [...APPLE_STEPS],
    meaning: 'The sizes of Apple’s authoring specification with its rates as caps, to compare with.',
  },
  archive: {
    kind: 'fixed',
    steps: [
      { lines: 360, crf: 27, bitsPerSMax: 800_000, preset: 'veryfast' },
      { lines: 4320, crf: 16, bitsPerSMax: 100_000_000, preset: 'medium' },
    ],
    meaning:
      'One rendition that is hard to tell from the master, at its size, beside a small one to look at.',
  },
};

export const isBuiltIn = (name: string, preset: LadderPreset) => BUILT_IN[name] === preset;

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const presetFile = z.record(z.string().regex(NAME), ladderPreset);

/** The built-in presets with those of an operator's file. Throws invalid_config that says where the file is wrong. */
export function readPresets(text?: string): LadderPresets {
  const all = new Map(Object.entries(BUILT_IN));
  if (text === undefined) return all;
  for (const [name, preset] of Object.entries(parseFile(text))) all.set(name, preset);
  return all;
}

function parseFile(text: string): Record<string, LadderPreset> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new MatineeError('invalid_config', `MATINEE_LADDER_FILE: this is not JSON: ${why}`, { cause });
  }
  const parsed = presetFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new MatineeError('invalid_config', `MATINEE_LADDER_FILE: ${faults.join('; ')}`);
}

/** Throws invalid_config for a name that there is not. */
export function presetOf(presets: LadderPresets, name: string): LadderPreset {
  const preset = presets.get(name);
  if (preset) return preset;
  const names = [...presets.keys()].join(', ');
  throw new MatineeError('invalid_config', `there is no ladder preset "${name}"; there are ${names}`);
}
