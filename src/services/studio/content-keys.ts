/**
 * The keys that a title's tracks are encrypted with: made once for a master, when the first task wants one, and kept
 * wrapped by the `keys` port. Sound has a key of its own and pictures one for each class of size, so that rights to
 * them can differ.
 */
import { randomBytes } from 'node:crypto';
import {
  CONTENT_KEY_KINDS,
  type ContentKeyKind,
  contentKeyContext,
  type SampleKey,
  type WrappedContentKey,
} from '../../contracts/content-keys.ts';
import type { TaskSpec } from '../../contracts/tasks.ts';
import { assert } from '../../platform/assert.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { Db, TaskRow, TitleRow } from './tables.ts';

export type ContentKeys = Record<ContentKeyKind, WrappedContentKey & { iv: string }>;
type Deps = { db: Db; keys: Keys };

/** Lines of the shorter side up to which a size is of its class. */
const SD_LINES_MAX = 576;
const HD_LINES_MAX = 1080;

export function kindOfSize({ width, height }: { width: number; height: number }): ContentKeyKind {
  const lines = Math.min(width, height);
  return lines <= SD_LINES_MAX ? 'sd' : lines <= HD_LINES_MAX ? 'hd' : 'uhd';
}

/** The task's specification with the keys that it needs, in clear: for the worker alone, never to be stored. */
export async function fillKeys(
  deps: Deps,
  title: Pick<TitleRow, 'title' | 'plan' | 'encryption' | 'content_keys'>,
  task: Pick<TaskRow, 'track'>,
  spec: TaskSpec,
): Promise<TaskSpec> {
  if (title.encryption === '' || (spec.kind !== 'package' && spec.kind !== 'first-light')) return spec;
  const all = title.content_keys ?? (await makeKeys(deps, title.title));
  const open = (kind: ContentKeyKind) => unwrap(deps.keys, title.title, all[kind]);
  if (spec.kind === 'first-light') {
    const [video, audio] = await Promise.all([open(kindOfSize(spec.rung)), open('audio')]);
    return { ...spec, encryption: { video, audio } };
  }
  if (spec.media === 'audio') return { ...spec, encryption: await open('audio') };
  const rung = title.plan?.rungs.find(({ name }) => name === task.track);
  assert(rung, 'a package of pictures is of a rung of the plan');
  return { ...spec, encryption: await open(kindOfSize(rung)) };
}

/** As publications tell them; undefined for a title in clear. */
export async function publishedKeys(
  db: Db,
  { title, encryption }: Pick<TitleRow, 'title' | 'encryption'>,
): Promise<WrappedContentKey[] | undefined> {
  if (encryption === '') return undefined;
  const stored = await readKeys(db, title);
  if (!stored) return undefined;
  return CONTENT_KEY_KINDS.map((kind) => ({ keyId: stored[kind].keyId, wrapped: stored[kind].wrapped }));
}

/** Of several that make them at once the first one's stay. */
async function makeKeys({ db, keys }: Deps, title: string): Promise<ContentKeys> {
  const made = await Promise.all(
    CONTENT_KEY_KINDS.map(async (kind) => {
      const keyId = randomBytes(16).toString('hex');
      const { wrapped } = await keys.dataKey(16, contentKeyContext(title, keyId));
      const iv = randomBytes(16).toString('hex');
      return [kind, { keyId, iv, wrapped: Buffer.from(wrapped).toString('base64') }] as const;
    }),
  );
  await db
    .updateTable('studio.titles')
    .set({ content_keys: JSON.stringify(Object.fromEntries(made)) })
    .where('title', '=', title)
    .where('content_keys', 'is', null)
    .execute();
  const stored = await readKeys(db, title);
  assert(stored, 'the keys of a title are there when they were made');
  return stored;
}

async function readKeys(db: Db, title: string): Promise<ContentKeys | null> {
  const row = await db
    .selectFrom('studio.titles')
    .select('content_keys')
    .where('title', '=', title)
    .executeTakeFirst();
  return row?.content_keys ?? null;
}

async function unwrap(
  keys: Keys,
  title: string,
  { keyId, iv, wrapped }: ContentKeys[ContentKeyKind],
): Promise<SampleKey> {
  const key = await keys.unwrap(Buffer.from(wrapped, 'base64'), contentKeyContext(title, keyId));
  return { keyId, iv, key: Buffer.from(key).toString('hex') };
}
