/**
 * Hears what operators order, by a request to steering that waits for news, and carries it out: what is invalid is
 * dropped at once and for good, and a new configuration of sites is followed. What was carried out is kept in a file,
 * so that a restart neither forgets an order nor asks for all of them again.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { SteeringClient } from '../../clients/steering.ts';
import {
  type EdgeConfigVersion,
  type EdgeOrder,
  edgeConfig,
  edgeOrder,
} from '../../contracts/edge-control.ts';
import type { Clock } from '../../platform/clock.ts';
import { systemCode } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { Bans } from './bans.ts';
import type { ShardPlace } from './shards/ownership.ts';

export type OrdersDeps = {
  steering: SteeringClient;
  clock: Clock;
  log: Log;
  name: string;
  /** Which of the processes of this edge it is, when there are several. */
  shard?: ShardPlace | undefined;
  file: string;
  /** How long steering may let one request wait. */
  waitMs: number;
  /**
   * An order is carried out once more after this long, when copies come through a shield, which may have been told a
   * moment later; 0 does it once.
   */
  echoMs: number;
  /** Between two tries while steering is away. */
  retryMs: number;
};

export type OrdersWork = {
  /** Drops what is in memory or on its way that an order is about. */
  drop(order: EdgeOrder): void;
  dropAll(): void;
  follow(config: EdgeConfigVersion): Promise<void>;
};

/** Between two requests for orders that found none. */
const NO_NEWS_PAUSE_MS = 50;

const saved = z.object({
  seq: z.number().int(),
  allBeforeMs: z.number(),
  orders: z.array(edgeOrder),
  config: edgeConfig.optional(),
});

export class Orders {
  readonly bans: Bans;
  readonly #deps: OrdersDeps;
  readonly #end = new AbortController();
  #seq: number;
  #config: EdgeConfigVersion | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(deps: OrdersDeps, state: z.infer<typeof saved> | undefined) {
    this.#deps = deps;
    this.#seq = state?.seq ?? -1;
    this.#config = state?.config;
    this.bans = new Bans(state?.orders, state?.allBeforeMs);
  }

  /** With what an earlier run carried out. A file that cannot be read counts as none, and then all copies as invalid. */
  static async open(deps: OrdersDeps): Promise<Orders> {
    try {
      return new Orders(deps, saved.parse(JSON.parse(await readFile(deps.file, 'utf8'))));
    } catch (error) {
      const orders = new Orders(deps, undefined);
      if (systemCode(error) !== 'ENOENT') orders.bans.banAll(deps.clock.now());
      return orders;
    }
  }

  /** The number of the last order that was carried out; -1 before the first news. */
  get doneSeq(): number {
    return this.#seq;
  }

  /** The configuration that was followed last. */
  get config(): EdgeConfigVersion | undefined {
    return this.#config;
  }

  start(work: OrdersWork): void {
    this.#running = this.#run(work);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(work: OrdersWork): Promise<void> {
    const { clock, log, retryMs } = this.#deps;
    const { signal } = this.#end;
    let isHeard = true;
    while (!signal.aborted) {
      try {
        await this.#once(work);
        isHeard = true;
      } catch (error) {
        if (signal.aborted) return;
        if (isHeard) log.warn('steering gives no orders', { why: (error as Error).message });
        isHeard = false;
        await clock.sleep(retryMs, signal).catch(() => undefined);
      }
    }
  }

  async #once(work: OrdersWork): Promise<void> {
    const { steering, name, shard, waitMs, log, clock } = this.#deps;
    const query = { after: this.#seq, config: this.#config?.version ?? -1, waitMs, shard: shard?.index ?? 0 };
    const limit = AbortSignal.any([this.#end.signal, AbortSignal.timeout(waitMs + 5000)]);
    const news = await steering.takeOrders({ params: { name }, query }, limit);
    const before = this.#seq;
    if (news.hasGap || news.latest < this.#seq) this.#dropAll(work);
    for (const order of news.orders) this.#carryOut(order, work);
    // At its first start an edge has nothing that an earlier order could be about.
    if (this.#seq < 0 || news.latest < this.#seq) this.#seq = news.latest;
    if (news.config) {
      await work.follow(news.config);
      this.#config = news.config;
      log.info('a configuration of sites is followed', { version: news.config.version });
    }
    if (this.#seq !== before || news.config) await this.#save();
    // Steering that is about to end does not let anybody wait.
    else await clock.sleep(NO_NEWS_PAUSE_MS, this.#end.signal).catch(() => undefined);
  }

  #carryOut(order: EdgeOrder, work: OrdersWork): void {
    const { clock, log, echoMs } = this.#deps;
    // By this edge's clock, on which its copies were fetched.
    this.#drop({ ...order, atMs: clock.now() }, work);
    this.#seq = order.seq;
    if (echoMs > 0) {
      clock.sleep(echoMs, this.#end.signal).then(
        () => this.#drop({ ...order, atMs: clock.now() }, work),
        () => undefined,
      );
    }
    log.info('copies were invalidated', {
      order: order.seq,
      paths: order.paths.length,
      tags: order.tags.length,
    });
  }

  #drop(order: EdgeOrder, work: OrdersWork): void {
    this.bans.add(order);
    work.drop(order);
  }

  #dropAll(work: OrdersWork): void {
    this.#deps.log.warn('orders were missed; every copy counts as invalid');
    this.bans.banAll(this.#deps.clock.now());
    work.dropAll();
  }

  async #save(): Promise<void> {
    const { file, log } = this.#deps;
    const { orders, allBeforeMs } = this.bans;
    const state = { seq: this.#seq, allBeforeMs, orders, config: this.#config };
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
      await rename(`${file}.new`, file);
    } catch (error) {
      // The orders are carried out; after a restart they are asked for once more.
      log.warn('orders cannot be kept in a file', { code: systemCode(error) ?? 'unknown' });
    }
  }
}
