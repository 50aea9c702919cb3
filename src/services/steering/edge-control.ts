/**
 * Keeps what operators tell their edges: versions of the configuration, and invalidations as numbered orders. Edges
 * wait here for news. Both outlive a restart; who waits does not, and asks again.
 */
import {
  CONFIG_VERSIONS_MAX,
  type EdgeConfigVersion,
  type EdgeOrder,
  ORDERS_MAX,
} from '../../contracts/edge-control.ts';
import type { Site } from '../../contracts/sites.ts';
import { createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { JsonValue, Table } from '../../ports/tables/tables.ts';

const CONFIG = 'edge-config';
const ORDERS = 'edge-orders';
const NUMBERS = 'edge-numbers';
const DRAINS = 'edge-drains';
/** Orders that are kept; an edge that missed more than these drops everything. */
const ORDERS_KEPT = 5000;
const NUMBER_DIGITS = 12;

export type News = {
  orders: EdgeOrder[];
  latest: number;
  hasGap: boolean;
  config?: EdgeConfigVersion;
};

export type EdgeControl = Awaited<ReturnType<typeof openEdgeControl>>;

export async function openEdgeControl(table: Table, clock: Clock, ending: AbortSignal) {
  let config = (await newestConfig(table)) ?? { version: 0, createdAt: iso(clock), sites: [] };
  let latest = Number((await table.get({ pk: NUMBERS, sk: ORDERS }))?.value.last ?? 0);
  const drained = new Set((await table.query(DRAINS, { limit: 1000 })).items.map(({ sk }) => sk));
  const bell = createAlarm(clock);

  const putConfig = async (sites: Site[]): Promise<EdgeConfigVersion> => {
    const next = { version: config.version + 1, createdAt: iso(clock), sites };
    const key = { pk: CONFIG, sk: padded(next.version) };
    await table.put(key, next as unknown as Record<string, JsonValue>, { condition: { absent: true } });
    config = next;
    const old = next.version - CONFIG_VERSIONS_MAX;
    if (old > 0) await table.delete({ pk: CONFIG, sk: padded(old) });
    bell.ring();
    return next;
  };

  const news = async (after: number, version: number): Promise<News> => {
    const isBehind = after < latest;
    const orders = isBehind ? await ordersAfter(table, Math.max(after, 0)) : [];
    const first = orders[0]?.seq ?? latest + 1;
    return {
      orders,
      latest,
      // An edge that has nothing yet has nothing to drop either.
      hasGap: after >= 0 && isBehind && first > after + 1,
      ...(version === config.version ? {} : { config }),
    };
  };

  return {
    config: () => config,
    versions: async () =>
      (await table.query(CONFIG, { limit: CONFIG_VERSIONS_MAX, descending: true })).items.map(({ sk }) =>
        Number(sk),
      ),
    putConfig,
    rollBack: async (version: number) => {
      const item = await table.get({ pk: CONFIG, sk: padded(version) });
      if (!item) throw new MatineeError('not_found', `no version ${version} is kept`);
      return putConfig((item.value as unknown as EdgeConfigVersion).sites);
    },

    order: async (what: Pick<EdgeOrder, 'paths' | 'tags' | 'host'>): Promise<EdgeOrder> => {
      const counted = await table.update({ pk: NUMBERS, sk: ORDERS }, { add: { last: 1 } });
      const order = { seq: Number(counted.value.last), atMs: clock.now(), ...what };
      await table.put({ pk: ORDERS, sk: padded(order.seq) }, order as unknown as Record<string, JsonValue>);
      latest = Math.max(latest, order.seq);
      const old = order.seq - ORDERS_KEPT;
      if (old > 0) await table.delete({ pk: ORDERS, sk: padded(old) });
      bell.ring();
      return order;
    },
    newest: async (limit: number) =>
      (await table.query(ORDERS, { limit, descending: true })).items.map(
        ({ value }) => value as unknown as EdgeOrder,
      ),

    isDrained: (name: string) => drained.has(name),
    drain: async (name: string, draining: boolean) => {
      const key = { pk: DRAINS, sk: name };
      if (draining) await table.put(key, {});
      else await table.delete(key);
      if (draining) drained.add(name);
      else drained.delete(name);
    },

    /** Resolves with news, or with none after the wait. */
    take: async (after: number, version: number, waitMs: number): Promise<News> => {
      const now = await news(after, version);
      if (waitMs === 0 || now.orders.length > 0 || now.config || now.hasGap || after < 0) return now;
      // An end of the program lets go as well; whoever waited then hears what there is.
      await bell.wait(waitMs, ending).catch(() => undefined);
      return news(after, version);
    },
  };
}

async function newestConfig(table: Table): Promise<EdgeConfigVersion | undefined> {
  const [item] = (await table.query(CONFIG, { limit: 1, descending: true })).items;
  return item?.value as unknown as EdgeConfigVersion | undefined;
}

async function ordersAfter(table: Table, after: number): Promise<EdgeOrder[]> {
  const { items } = await table.query(ORDERS, { after: padded(after), limit: ORDERS_MAX });
  return items.map(({ value }) => value as unknown as EdgeOrder);
}

function padded(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}

function iso(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
