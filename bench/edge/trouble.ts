/**
 * Works in which the origin hangs or is dead. Every server is asked at the same time for objects of its own that
 * were warm and have become stale.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchRow, missingRow, peerText, row } from '../rows.ts';
import type { Lab, Missing } from './lab.ts';
import { type Kind, objectName } from './object-names.ts';
import { type BenchServer, SERVER_NAMES, type ServerName } from './server.ts';
import { get, type Reply, warm } from './warm.ts';

const SIZE = 10 * 1024;
/** Copies live for one second, which some servers count in whole ones. */
const STALE_AFTER_MS = 2200;
const LIMIT_MS = 6000;
const STAGGER_MS = 300;
const TROUBLES = ['hung', 'dead'] as const;
type Trouble = (typeof TROUBLES)[number];

/** `again` is the second request for the same object, after the first was answered. */
type Answers = Record<'stale' | 'spare' | 'spareAgain' | 'strict' | 'cold', Reply>;

export async function measureTrouble(lab: Lab): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const trouble of TROUBLES) {
    const answers = await answersIn(lab, trouble);
    for (const [name, found] of answers) lab.notes.push(describe(name, trouble, found));
    rows.push(...troubleRows(trouble, answers));
  }
  return rows;
}

type Found = Map<ServerName, Answers | Missing>;

async function answersIn(lab: Lab, trouble: Trouble): Promise<Found> {
  const index = lab.freshIndex();
  const found: Found = new Map();
  const servers: BenchServer[] = [];
  for (const name of SERVER_NAMES) {
    const server = await lab.server(name);
    if ('missing' in server) found.set(name, server);
    else servers.push(server);
  }
  for (const server of servers) {
    await warm(
      (['stale', 'spare', 'strict'] as const).map((kind) => urlOf(server, kind, index)),
      2,
    );
  }
  await sleep(STALE_AFTER_MS);
  if (trouble === 'hung') lab.origin.hang();
  else await lab.origin.kill();
  try {
    // Where milliseconds are taken one begins after the other, so that none waits for another's work.
    const asked = new Map<BenchServer, Promise<Reply>>();
    for (const server of servers) {
      const stale = ask(server, 'stale', index);
      asked.set(server, stale);
      await Promise.race([stale, sleep(STAGGER_MS)]);
    }
    const rest = [...asked].map(async ([server, stale]) => {
      found.set(server.name, await answersOf(server, index, stale));
    });
    await Promise.all(rest);
  } finally {
    if (trouble === 'hung') lab.origin.wake();
    else await lab.origin.restart();
  }
  return found;
}

async function answersOf(server: BenchServer, index: number, stale: Promise<Reply>): Promise<Answers> {
  const [spare, strict, cold] = await Promise.all([
    ask(server, 'spare', index),
    ask(server, 'strict', index),
    ask(server, 'plain', index + 1_000_000),
  ]);
  return { stale: await stale, spare, spareAgain: await ask(server, 'spare', index), strict, cold };
}

function urlOf(server: BenchServer, kind: Kind, index: number): string {
  return server.url('plain', objectName(SIZE, index, kind)) as string;
}

function ask(server: BenchServer, kind: Kind, index: number): Promise<Reply> {
  return get(urlOf(server, kind, index), { limitMs: LIMIT_MS });
}

type Judged = {
  work: string;
  goal: string;
  answer: keyof Answers;
  value: (reply: Reply) => number;
};

const JUDGED: readonly Judged[] = [
  {
    ...{ work: 'stale copy that may be served while it is refreshed, ms', goal: '< 5 ms' },
    ...{ answer: 'stale', value: staleMs },
  },
  {
    ...{ work: 'stale copy for when the origin fails, second client, ms', goal: '< 5 ms' },
    ...{ answer: 'spareAgain', value: staleMs },
  },
  {
    ...{ work: 'must-revalidate: is refused with 502 or 504', goal: '= 1' },
    ...{ answer: 'strict', value: ({ status }) => (status === 502 || status === 504 ? 1 : 0) },
  },
];

/** A time means something only for a whole 200. */
function staleMs({ status, bytes, totalMs }: Reply): number {
  return status === 200 && bytes === SIZE ? totalMs : Number.POSITIVE_INFINITY;
}

function troubleRows(trouble: Trouble, found: Found): BenchRow[] {
  const ours = found.get('ours');
  const peers = SERVER_NAMES.filter((name) => name !== 'ours');
  return JUDGED.map(({ work, goal, answer, value }) => {
    const title = `origin ${trouble}, ${work}`;
    if (!ours || 'missing' in ours) return missingRow(title, goal, 'ours', ours?.missing ?? 'not asked');
    const theirs = peers.map((name) => {
      const peer = found.get(name) ?? { missing: 'not asked' };
      return peerText(name, 'missing' in peer ? peer : say(answer, peer[answer]));
    });
    const mine = ours[answer];
    return row(title, goal, { ours: say(answer, mine), peer: theirs.join(', '), value: value(mine) });
  });
}

function say(answer: keyof Answers, { status, totalMs }: Reply): string | number {
  if (status === 0) return `no reply in ${Math.round(totalMs)} ms`;
  return answer === 'strict' || status !== 200 ? `status ${status}` : totalMs;
}

function describe(name: ServerName, trouble: Trouble, answers: Answers | Missing): string {
  if ('missing' in answers) return `  ${name}: ${answers.missing}`;
  const parts = Object.entries(answers).map(
    ([what, { status, totalMs }]) => `${what} ${status || 'none'} ${totalMs.toFixed(1)} ms`,
  );
  return `  ${name.padEnd(14)} origin ${trouble}: ${parts.join(', ')}`;
}
