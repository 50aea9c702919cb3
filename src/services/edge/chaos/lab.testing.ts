/** The laboratory of the chaos tests: an origin, a link, an edge on a small file system of its own, and viewers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenMint, PREFIX } from '../edge.testing.ts';
import { createRandom, type Random } from '../fuzz.testing.ts';
import { LIVE, pickNew, pickPopular, WARM } from './catalogue.testing.ts';
import { type Child, startChild } from './child.testing.ts';
import { mountSmall, unmount } from './disk-faults.testing.ts';
import type { EdgeSetup } from './edge-process.testing.ts';
import { type Link, openLink } from './link.testing.ts';
import { Loader } from './loader.testing.ts';
import type { OriginSetup } from './origin-process.testing.ts';
import type { Thing } from './truth.testing.ts';

export type Lab = AsyncDisposable & {
  readonly origin: Child;
  readonly link: Link;
  readonly edge: Child;
  /** Between the edge and the link, when there is one. */
  readonly shield: Child | undefined;
  /** Another process of the edge, when there is one. */
  readonly sibling: Child | undefined;
  readonly loader: Loader;
  readonly random: Random;
  /** The edge's folder. */
  readonly folder: string;
  /** Why the disk cannot be filled here. */
  readonly unfillable: string | undefined;
  /** What the edge warned of. */
  readonly warnings: string[];
};

const SEED = 3;
const FILE_SYSTEM_BYTES = 288 * 1024 * 1024;
const TOKEN_LIFE_S = 3600;

export async function openLab({ hasShield = false, hasSibling = false } = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const random = createRandom(SEED);
  const folder = await mkdtemp(join(tmpdir(), 'edge-chaos-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const unfillable = await mountSmall(folder, FILE_SYSTEM_BYTES);
  if (unfillable === undefined) stack.defer(() => unmount(folder));

  const warnings: string[] = [];
  const { mint, id, publicKey } = createTokenMint('chaos');
  const ports = { edge: 0 };
  const token = mint(PREFIX, Math.floor(Date.now() / 1000) + TOKEN_LIFE_S);
  const loader = new Loader(() => ports.edge, token, random);
  const originSetup = (port: number): OriginSetup => ({ port, version: loader.version });
  const origin = stack.use(await startChild('origin-process.testing.ts', originSetup));
  const link = stack.use(await openLink(origin.port, random));
  const common = { originPort: link.port, key: { id, publicKey } };
  const shieldFolder = join(folder, 'shield');
  const shield = hasShield
    ? stack.use(
        await startChild(
          'edge-process.testing.ts',
          (port): EdgeSetup => ({ ...common, port, folder: shieldFolder }),
        ),
      )
    : undefined;
  const folders = hasSibling ? [join(folder, 'first'), join(folder, 'second')] : [folder];
  const shardOf = (index: number): Pick<EdgeSetup, 'shard'> => {
    const sockets = folders.map((_, at) => `\0${folder}-${at}`);
    return hasSibling ? { shard: { index, count: 2, folders, sockets, secret: 'chaos' } } : {};
  };
  const edgeSetup = (port: number, index = 0): EdgeSetup => ({
    ...{ ...common, port, folder: folders[index] as string, ...shardOf(index) },
    ...(shield ? { shieldPort: shield.port } : {}),
  });
  const warned = (warning: string) => void warnings.push(warning);
  const edge = stack.use(await startChild('edge-process.testing.ts', (port) => edgeSetup(port), warned));
  ports.edge = edge.port;
  const sibling = hasSibling
    ? stack.use(await startChild('edge-process.testing.ts', () => edgeSetup(edge.port, 1), warned))
    : undefined;

  stack.defer(() => loader.end());
  loader.run(6, 35, true, () => WARM[random(WARM.length)] as Thing);
  loader.run(10, 110, false, pickPopular(random));
  loader.run(3, 80, false, () => LIVE[random(LIVE.length)] as Thing);
  loader.run(2, 150, false, pickNew());
  const opened = stack.move();
  return {
    ...{ origin, link, edge, shield, sibling, loader, random, folder, unfillable, warnings },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
