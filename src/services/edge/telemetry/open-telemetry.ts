/** Opens the access log and the metrics that an edge is told to have, and closes them. */
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { cloudFrontFormat, jsonFormat } from './access-formats.ts';
import { LineFile } from './line-file.ts';
import { Metrics, type MetricsSources } from './metrics.ts';
import { openMetricsListener } from './metrics-listener.ts';
import { Telemetry } from './telemetry.ts';

export type AccessLogConfig = {
  readonly format: 'json' | 'cloudfront';
  readonly folder: string;
  readonly fileBytesMax: number;
  readonly filesMax: number;
};

export type TelemetryConfig = {
  readonly log?: AccessLogConfig | undefined;
  /** A port of the loopback address; 0 takes any free one, undefined goes without. */
  readonly metricsPort?: number | undefined;
};

export type OpenTelemetry = {
  /** Undefined when all is off. */
  readonly telemetry: Telemetry | undefined;
  readonly metricsUrl: string | undefined;
  close(): Promise<void>;
};

type TelemetryDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly name: string;
  readonly cacheName: string;
} & Omit<MetricsSources, 'linesDropped'>;

const FLUSH_CHARS = 64 * 1024;
const FLUSH_MS = 1000;
const WAITING_CHARS_MAX = 4 * 1024 * 1024;
const REST_MS = 10_000;
const CLOSE_MS = 2000;

export async function openTelemetry(deps: TelemetryDeps, config: TelemetryConfig): Promise<OpenTelemetry> {
  const { clock, cacheName, counts, healed, links, functions } = deps;
  const { log, metricsPort } = config;
  if (!log && metricsPort === undefined) {
    return { telemetry: undefined, metricsUrl: undefined, close: async () => undefined };
  }
  const access = log && openAccessLog(deps, log);
  const linesDropped = () => access?.file.dropped ?? 0;
  const metrics =
    metricsPort === undefined ? undefined : new Metrics({ counts, healed, linesDropped, links, functions });
  const listener = metrics && (await openMetricsListener(metrics, metricsPort ?? 0));
  return {
    telemetry: new Telemetry({ clock, cacheName, log: access, metrics }),
    metricsUrl: listener && `http://127.0.0.1:${listener.port}/metrics`,
    close: async () => {
      await Promise.all([listener?.close(), access?.file.close()]);
    },
  };
}

function openAccessLog({ clock, log, name }: TelemetryDeps, config: AccessLogConfig) {
  const { format: kind, folder, fileBytesMax, filesMax } = config;
  const run = Math.floor(clock.now()).toString(36);
  const format = kind === 'json' ? jsonFormat(name) : cloudFrontFormat(name, run);
  const file = new LineFile(
    { log, now: () => clock.monotonic() },
    {
      ...{ folder, name: `access-${kind}.log`, head: format.head, fileBytesMax, filesMax },
      ...{ flushChars: FLUSH_CHARS, flushMs: FLUSH_MS, waitingCharsMax: WAITING_CHARS_MAX },
      ...{ restMs: REST_MS, closeMs: CLOSE_MS },
    },
  );
  return { format, file };
}
