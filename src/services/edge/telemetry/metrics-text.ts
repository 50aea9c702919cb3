/** Renders metrics in Prometheus' text format, version 0.0.4 (its documentation, "Exposition formats"). Pure. */
import type { FunctionCost } from '../functions/edge-functions.ts';
import type { LinkCounts } from '../link-chain.ts';
import { FIRST_BYTE_BUCKETS_S, type MetricsSnapshot } from './metrics.ts';
import type { TopEntry } from './top-list.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Sample = readonly [labels: string, value: number];

export function metricsText(snapshot: MetricsSnapshot): string {
  const { requests, connections, edge, titles, sessions } = snapshot;
  const counter = (name: string, help: string, samples: readonly Sample[]) =>
    family(name, 'counter', help, samples);
  return [
    counter(
      'matinee_edge_requests_total',
      'Replies, by class of status and by how their bytes were come by.',
      requests.map(({ statusClass, hit, requests: n }) => [`class="${statusClass}xx",hit="${hit}"`, n]),
    ),
    counter('matinee_edge_bytes_total', 'Bytes of replies that are done.', [['', snapshot.bytes]]),
    counter('matinee_edge_broken_replies_total', 'Replies that did not become whole.', [
      ['', snapshot.broken],
    ]),
    firstByte(snapshot),
    counter(
      'matinee_edge_connections_total',
      'Connections that were opened, by protocol.',
      connections.map(({ kind, opened }) => [`protocol="${kind}"`, opened]),
    ),
    family(
      'matinee_edge_connections_open',
      'gauge',
      'Connections that are open, by protocol.',
      connections.map(({ kind, open }) => [`protocol="${kind}"`, open]),
    ),
    counter('matinee_edge_origin_fetches_total', 'Fetches of films.', [['', edge.fills]]),
    counter('matinee_edge_origin_bytes_total', 'Bytes of films that were fetched whole.', [
      ['', edge.originBytes],
    ]),
    counter('matinee_edge_origin_errors_total', 'Fetches of films that failed.', [['', edge.originErrors]]),
    counter('matinee_edge_collapsed_total', 'Requests that joined the fetch of a film.', [
      ['', edge.collapsed],
    ]),
    counter('matinee_edge_disk_healed_total', 'Files of the disk tier that were found wrong and deleted.', [
      ['', snapshot.healed],
    ]),
    counter('matinee_edge_log_lines_dropped_total', 'Lines of the access log that never reached a file.', [
      ['', snapshot.linesDropped],
    ]),
    ...ways(snapshot),
    ...functionCosts(snapshot),
    ...top('title', titles),
    ...top('session', sessions),
  ].join('');
}

/** What each way to an origin carried, and whether it is passed over now. */
function ways({ links }: MetricsSnapshot): string[] {
  const samples = (value: (way: LinkCounts) => number) =>
    links.map((way): Sample => [`way="${escaped(way.name)}"`, value(way)]);
  const counters: ReadonlyArray<[name: string, help: string, value: (way: LinkCounts) => number]> = [
    ['requests', 'Requests over each way to an origin.', ({ requests }) => requests],
    [
      'failures',
      'Of them, those that got no reply, or that of a gateway that failed.',
      ({ failures }) => failures,
    ],
    ['helped', 'Of them, those that another way was too slow for.', ({ helped }) => helped],
    ['bytes', 'Bytes that came in over each way to an origin.', ({ bytes }) => bytes],
  ];
  return [
    ...counters.map(([name, help, value]) =>
      family(`matinee_edge_way_${name}_total`, 'counter', help, samples(value)),
    ),
    family(
      'matinee_edge_way_up',
      'gauge',
      '0 while a way is passed over because it failed.',
      samples(({ isAway }) => (isAway ? 0 : 1)),
    ),
  ];
}

function functionCosts({ functions }: MetricsSnapshot): string[] {
  const samples = (value: (cost: FunctionCost) => number) =>
    functions.map((cost): Sample => {
      const { name, version, stage } = cost;
      return [`function="${escaped(name)}",version="${version}",stage="${stage}"`, value(cost)];
    });
  const rows: ReadonlyArray<readonly [string, 'counter' | 'gauge', string, (cost: FunctionCost) => number]> =
    [
      ['calls_total', 'counter', 'Calls of edge functions.', ({ calls }) => calls],
      ['errors_total', 'counter', 'Calls that threw, or returned what may not be.', ({ errors }) => errors],
      [
        ...(['throttled_total', 'counter'] as const),
        'Calls that ran into a limit, or were not made because earlier ones did.',
        ({ throttled }) => throttled,
      ],
      ['mean_seconds', 'gauge', 'Mean time of a call.', ({ meanUs }) => meanUs / 1e6],
      ['p99_seconds', 'gauge', 'Time that 99 of 100 calls keep within.', ({ p99Us }) => p99Us / 1e6],
    ];
  return rows.map(([name, type, help, value]) =>
    family(`matinee_edge_function_${name}`, type, help, samples(value)),
  );
}

/** Not all of them, and not for sure: see TopList. So they are gauges, whose values may fall. */
function top(label: 'title' | 'session', entries: readonly TopEntry[]): string[] {
  const samples = (value: (entry: TopEntry) => number) =>
    entries.map((entry): Sample => [`${label}="${escaped(entry.name)}"`, value(entry)]);
  const name = `matinee_edge_top_${label}`;
  return [
    family(
      `${name}_requests`,
      'gauge',
      `Replies of the most frequent ${label}s.`,
      samples((e) => e.requests),
    ),
    family(
      `${name}_bytes`,
      'gauge',
      `Bytes of the most frequent ${label}s.`,
      samples((e) => e.bytes),
    ),
  ];
}

function firstByte({ firstByte: { counts, sumMs, count } }: MetricsSnapshot): string {
  const name = 'matinee_edge_first_byte_seconds';
  let sum = 0;
  const lines = FIRST_BYTE_BUCKETS_S.map((bound, i) => {
    sum += counts[i] ?? 0;
    return `${name}_bucket{le="${bound}"} ${sum}\n`;
  });
  return (
    `# HELP ${name} From the end of a request to the first byte of its reply.\n# TYPE ${name} histogram\n` +
    `${lines.join('')}${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sumMs / 1000}\n${name}_count ${count}\n`
  );
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
