/** The faults of the chaos tests, one row each: how it is brought about and ended, and what viewers may see of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { damage, fill, hang, makeRoom } from './disk-faults.testing.ts';
import type { Lab } from './lab.testing.ts';
import type { LinkMode } from './link.testing.ts';
import { isGood, type Outcome, type Period } from './loader.testing.ts';

export type Fault = {
  readonly name: string;
  /** What viewers may get besides 200, 206 and 304. */
  readonly allowed: readonly Outcome[];
  /** From when on what the edge has must be answered: all the time, once it is brought about, or not at all. */
  readonly keepsWarm: 'always' | 'once inflicted' | 'never';
  /** Gives back what ends it. */
  inflict(lab: Lab): Promise<() => Promise<void> | void>;
  /** Whether the edge or its viewers felt it: a fault that nobody feels proves nothing. */
  isFelt(lab: Lab, period: Period): boolean;
  skip?(lab: Lab): string | undefined;
};

const VERSION_MS = 400;

const sawFailure = (_lab: Lab, { outcomes }: Period) => [...outcomes.keys()].some((each) => !isGood(each));
const wasSpoiled = ({ link }: Lab) => link.spoiled > 0;
const hasWarned = (text: RegExp) => (lab: Lab) => lab.warnings.some((warning) => text.test(warning));

export const ORIGIN_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'origin killed', allowed: [502, 'broken'], keepsWarm: 'always', isFelt: sawFailure },
    inflict: async ({ origin }) => {
      await origin.kill();
      return () => origin.restart();
    },
  },
  {
    ...{ name: 'origin stopped', allowed: [502, 504, 'broken'], keepsWarm: 'always', isFelt: sawFailure },
    inflict: async ({ origin }) => {
      origin.stop();
      return () => origin.goOn();
    },
  },
  {
    // A large object that is another by now breaks off, since its other slices cannot be had any more.
    ...{ name: 'new versions at the origin', allowed: [502, 'broken'], keepsWarm: 'always' },
    inflict: async ({ origin, loader }) => {
      const stop = new AbortController();
      const changing = (async () => {
        while (!stop.signal.aborted) {
          loader.version++;
          origin.tell({ version: loader.version });
          await sleep(VERSION_MS);
        }
      })();
      return () => {
        stop.abort();
        return changing;
      };
    },
    isFelt: (_lab, { versions }) => versions.size > 1,
  },
];

const linkFault = (name: string, mode: LinkMode, allowed: readonly Outcome[]): Fault => ({
  ...{ name, allowed, keepsWarm: 'always', isFelt: sawFailure },
  inflict: async ({ link }) => {
    link.set(mode);
    return () => link.set('open');
  },
});

/** What stands between the edge and the origin. */
export const PATH_FAULTS: readonly Fault[] = [
  linkFault('link cut', 'cut', [502, 'broken']),
  linkFault('link stalled', 'stalled', [502, 504, 'broken']),
  // Nothing has to fail by these: who waits gets all of it, and a rest is asked for once more.
  { ...linkFault('link slow', 'slow', [504, 'broken']), isFelt: wasSpoiled },
  {
    ...linkFault('bodies cut short by the link', 'truncating', [502, 'broken']),
    isFelt: wasSpoiled,
  },
  linkFault('replies garbled by the link', 'garbling', [502, 'broken']),
];

/** The edge goes round a shield that is away; what was on its way through it may break off. */
export const SHIELD_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'shield killed', allowed: ['broken'], keepsWarm: 'always' },
    inflict: async ({ shield }) => {
      await shield?.kill();
      return () => shield?.restart();
    },
    isFelt: hasWarned(/a way to the origin failed/),
  },
  {
    ...{ name: 'shield stopped', allowed: [504, 'broken'], keepsWarm: 'always' },
    inflict: async ({ shield }) => {
      shield?.stop();
      return () => shield?.goOn();
    },
    isFelt: hasWarned(/a way to the origin failed/),
  },
];

/** What takes the process of one shard takes its own connections and no others. */
export const SHARD_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'shard killed', allowed: ['refused', 'broken'], keepsWarm: 'once inflicted' },
    inflict: async ({ sibling }) => {
      await sibling?.kill();
      return () => sibling?.restart();
    },
    isFelt: hasWarned(/a way to the origin failed/),
  },
];

export const EDGE_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'edge killed', allowed: [503, 'refused', 'broken'], keepsWarm: 'never' },
    inflict: async ({ edge }) => {
      await edge.kill();
      return () => edge.restart();
    },
    isFelt: (_lab, { outcomes }) => outcomes.has('refused'),
  },
  {
    // What it finds on its disk is all that it has.
    ...{ name: 'edge killed and started while the link is cut', keepsWarm: 'once inflicted' },
    allowed: [502, 503, 'refused', 'broken'],
    inflict: async ({ edge, link }) => {
      await edge.kill();
      link.set('cut');
      await edge.restart();
      return () => link.set('open');
    },
    isFelt: sawFailure,
  },
  {
    ...{ name: 'disk corrupted', allowed: [], keepsWarm: 'always', isFelt: hasWarned(/damaged file/) },
    inflict: async ({ folder, random }) => {
      await damage(folder, random);
      return () => undefined;
    },
  },
  {
    ...{ name: 'disk full', allowed: [], keepsWarm: 'always', isFelt: hasWarned(/rests.*ENOSPC/) },
    skip: ({ unfillable }) => unfillable,
    inflict: async ({ folder }) => {
      await fill(folder);
      return () => makeRoom(folder);
    },
  },
  {
    ...{ name: 'disk hung', allowed: [], keepsWarm: 'always', isFelt: hasWarned(/slow and rests/) },
    inflict: ({ folder }) => hang(folder),
  },
];
