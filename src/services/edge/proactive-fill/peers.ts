/**
 * Asks other edges for a file before the origin. What they give is nobody's until it is whole and its digest is
 * right, so no viewer can ever follow a wrong copy. One that gives none, or a wrong one, is not asked again in the same job.
 */
import { createHash } from 'node:crypto';
import type { SteeringClient } from '../../../clients/steering.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { readMeta } from '../stored-object.ts';
import type { Expected, PeerCopy } from './fetch-verified.ts';
import type { FillJob } from './fill-list.ts';

export type PeerAsk = (key: string, file: Expected) => Promise<PeerCopy | undefined>;
export type PeerDeps = {
  steering: Pick<SteeringClient, 'findFillPeers'>;
  clock: Clock;
  log: Log;
  name: string;
  fetch: typeof fetch;
};

const FIND_MS = 2000;
const GIVE_MS = 10_000;

/** Who may be asked during a job. Never rejects, and neither does the asking, unless the signal aborts. */
export async function askPeers(
  deps: PeerDeps,
  { title, part }: FillJob,
  signal: AbortSignal,
): Promise<PeerAsk> {
  const { steering, log, name } = deps;
  const call = { params: { name, title: title.title }, query: { number: title.number, part } };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FIND_MS)]);
  const found = await steering.findFillPeers(call, limit).catch(() => ({ peers: [], token: '' }));
  const peers = [...found.peers];
  return async (key, file) => {
    for (;;) {
      const [peer] = peers;
      if (peer === undefined) return undefined;
      try {
        return await get(deps, `${peer}/${found.token}/${pathOf(key)}`, file, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.info('another edge does not give a file', { peer, key, why: (error as Error).message });
        peers.shift();
      }
    }
  };
}

async function get(
  { fetch, clock }: PeerDeps,
  url: string,
  { size, sha256 }: Expected,
  signal: AbortSignal,
): Promise<PeerCopy> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(GIVE_MS)]);
  const headers = { 'accept-encoding': 'identity' };
  const reply = await fetch(url, { headers, redirect: 'error', signal: limit });
  const isMeant = reply.status === 200 && reply.headers.get('content-length') === String(size);
  if (!isMeant) {
    await reply.body?.cancel();
    throw new Error(`status ${reply.status}, or of another size`);
  }
  // Its length is checked above, and HTTP lets no more than that come.
  const body = Buffer.from(await reply.arrayBuffer());
  const isRight = body.length === size && createHash('sha256').update(body).digest('base64url') === sha256;
  if (!isRight) throw new Error('the bytes are not those of the publication');
  return { meta: readMeta(Object.fromEntries(reply.headers), size, false, clock.now()), body };
}

function pathOf(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
