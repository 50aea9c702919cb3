/**
 * One fetch from the origin that any number of viewers follow: its head as soon as it is known, its bytes as they
 * come. It belongs to no viewer, so none of them can end it by leaving. A connection that fails before the reply
 * is tried once more; a body that breaks off is asked for once more, from where it stopped.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import { asEdgeFailure, EdgeFailure } from './failure.ts';
import type { Gate } from './gate.ts';
import { GrowingBody } from './growing-body.ts';
import type { OriginBreaker } from './origin-breaker.ts';
import type { OriginGet, OriginLink } from './origin-link.ts';
import { type Ask, askForObject, askForRest, askForSlice, type OriginAnswer } from './origin-reply.ts';
import type { ObjectMeta } from './stored-object.ts';

export type FillDeps = {
  link: OriginLink;
  /** Bounds what is fetched at once, by the way that a key's bytes come. */
  gateOf(key: string): Gate;
  breaker: OriginBreaker;
  clock: Clock;
  /** How long a body may pause, in milliseconds. */
  idleMs: number;
};

export type FillPlan =
  | { kind: 'object'; key: string /** First byte wanted. */; hint: number; known: ObjectMeta | undefined }
  | { kind: 'slice'; key: string; meta: ObjectMeta; slice: number };

export type FillHead =
  | { kind: 'bytes'; meta: ObjectMeta; slice: number; body: GrowingBody }
  | { kind: 'unchanged'; meta: ObjectMeta }
  | { kind: 'missing'; meta: ObjectMeta };

export type Fill = {
  /** Rejects with EdgeFailure when there is nothing to follow. */
  readonly head: Promise<FillHead>;
  /** Resolves when all bytes are there; rejects with EdgeFailure when they will not come. */
  readonly done: Promise<FillHead>;
};

export function startFill(deps: FillDeps, plan: FillPlan): Fill {
  const head = Promise.withResolvers<FillHead>();
  const run = async () => {
    const gate = deps.gateOf(plan.key);
    await gate.enter();
    try {
      const ask = patientAsk(deps);
      const answer = await openAnswer(deps, ask, plan);
      if (answer.kind !== 'bytes') {
        head.resolve(answer);
        return answer;
      }
      const { meta, slice, span } = answer;
      const body = GrowingBody.empty(span.end - span.start + 1);
      const told: FillHead = { kind: 'bytes', meta, slice, body };
      head.resolve(told);
      await pour(deps, ask, plan.key, answer, body);
      return told;
    } finally {
      gate.leave();
    }
  };
  const done = run().catch((error: unknown) => {
    const failure = asEdgeFailure(error);
    head.reject(failure);
    throw failure;
  });
  // Followers may come later or not at all; a failure must not count as unheard until then.
  for (const promise of [head.promise, done]) promise.then(undefined, () => undefined);
  return { head: head.promise, done };
}

function openAnswer(deps: FillDeps, ask: Ask, plan: FillPlan): Promise<OriginAnswer> {
  if (plan.kind === 'slice') return askForSlice(ask, plan.key, plan.meta, plan.slice);
  return askForObject(ask, plan.key, plan.hint, plan.known, () => deps.clock.now());
}

/** Asks with one more try when no reply began, and tells the breaker how the origin is. */
function patientAsk({ link, breaker, clock }: FillDeps): Ask {
  const once = async (what: OriginGet) => {
    try {
      const reply = await link.get(what);
      if ((reply.statusCode ?? 500) >= 500) breaker.failed(clock.now());
      else breaker.succeeded();
      return reply;
    } catch (error) {
      breaker.failed(clock.now());
      throw error;
    }
  };
  let triesLeft = 1;
  return async (what) => {
    try {
      return await once(what);
    } catch (error) {
      if (!(error instanceof EdgeFailure) || error.kind !== 'unreachable' || triesLeft-- <= 0) throw error;
      return once(what);
    }
  };
}

async function pour(
  deps: FillDeps,
  ask: Ask,
  key: string,
  answer: OriginAnswer & { kind: 'bytes' },
  body: GrowingBody,
): Promise<void> {
  const { meta, span } = answer;
  try {
    await pourOnce(answer.reply, body, deps.idleMs).catch(async (error: unknown) => {
      // Without a strong tag nothing tells whether the rest would be of the same object.
      if (!meta.etag.startsWith('"')) throw error;
      const rest = await askForRest(ask, key, meta, { start: span.start + body.filled, end: span.end });
      await pourOnce(rest, body, deps.idleMs);
    });
  } catch (error) {
    deps.breaker.failed(deps.clock.now());
    const failure = asEdgeFailure(error);
    body.fail(failure);
    throw failure;
  }
}

/** Fills the body from the reply. Rejects when the reply ends or pauses too long before the body is full. */
async function pourOnce(reply: IncomingMessage, body: GrowingBody, idleMs: number): Promise<void> {
  const idle = setTimeout(() => reply.destroy(new EdgeFailure('late', 'the origin stopped sending')), idleMs);
  try {
    for await (const chunk of reply) {
      idle.refresh();
      const isMore = body.filled + (chunk as Buffer).length > body.length;
      body.append(chunk as Buffer);
      // Of a large object only one slice is wanted here; leaving the loop ends the reply.
      if (isMore) break;
    }
  } finally {
    clearTimeout(idle);
  }
  if (!body.isComplete) throw new EdgeFailure('broken', 'the origin sent less than it said');
}
