/** Runs the discarding client in a process of its own. */

import { percentile } from '../rows.ts';
import type { Load, Seen } from './load.ts';
import { nextMessage, startProgram } from './processes.ts';
import type { SinkOrder, SinkReport } from './sink.ts';

export async function runSink(load: Load): Promise<Seen> {
  const { urls, connections, seconds, headers = {}, rate = 0 } = load;
  const port = Number(new URL(urls[0] ?? '').port);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const requests = urls.map(
    (url) => `GET ${new URL(url).pathname} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields.join('')}\r\n`,
  );
  const order: SinkOrder = { port, requests, connections, seconds, rate };
  await using client = startProgram(new URL('./sink.ts', import.meta.url), {}, 'client');
  // A thousand addresses would not fit into an argument.
  client.child.send(order);
  const report = await nextMessage<SinkReport>(client, seconds * 1000 + 15_000);
  return {
    requests: report.replies,
    bytes: report.bytes,
    seconds: report.seconds,
    errors: report.errors,
    p50Ms: percentile(report.totalsMs, 0.5),
    p99Ms: percentile(report.totalsMs, 0.99),
    firstP50Ms: percentile(report.firstsMs, 0.5),
    firstP99Ms: percentile(report.firstsMs, 0.99),
    clientBusy: report.cpuSeconds / report.seconds,
  };
}
