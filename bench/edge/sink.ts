/**
 * A program: a client for large replies that has the kernel discard the bodies, so that the server and not the
 * copying is measured. Keep-alive, one request under way on each connection, at full speed or at a rate. It
 * counts a reply when all bytes of its Content-Length have come, and sends a `SinkReport` at its end.
 */
import { EAGAIN, EVENT_BYTES, EVENT_DATA_AT, type Libc, loadLibc, MSG_DONTWAIT, MSG_TRUNC } from './libc.ts';

export type SinkOrder = {
  port: number;
  /** Complete requests, taken in turn. */
  requests: readonly string[];
  connections: number;
  seconds: number;
  /** Requests a second over all connections; 0 is full speed. */
  rate: number;
};

export type SinkReport = {
  replies: number;
  bytes: number;
  seconds: number;
  errors: number;
  /** Processor time of this program: near `seconds`, it was the limit itself. */
  cpuSeconds: number;
  totalsMs: number[];
  firstsMs: number[];
};

const HEAD_BYTES = 2048;
/** The kernel writes nothing there, yet the length that is asked for must lie in memory of ours. */
const DISCARD_BYTES = 4 * 1024 * 1024;
const EVENTS_MAX = 64;
const SAMPLES_MAX = 500_000;

type Lane = { fd: number; sentMs: number; remaining: number; isOpen: boolean; isBusy: boolean };

if (process.argv[2] !== undefined) {
  process.once('message', (order) => {
    process.send?.(runOrder(order as SinkOrder), () => process.exit(0));
  });
}

function runOrder(order: SinkOrder): SinkReport {
  const libc = loadLibc();
  const requests = order.requests.map((text) => Buffer.from(text, 'latin1'));
  const head = Buffer.allocUnsafeSlow(HEAD_BYTES);
  const discard = Buffer.allocUnsafeSlow(DISCARD_BYTES);
  const events = Buffer.alloc(EVENTS_MAX * EVENT_BYTES);
  const set = libc.openSet();
  const lanes = openLanes(libc, set, order);
  const report: SinkReport = {
    ...{ replies: 0, bytes: 0, seconds: 0, errors: 0, cpuSeconds: 0 },
    ...{ totalsMs: [], firstsMs: [] },
  };
  let next = 0;
  let sent = 0;

  const ask = (lane: Lane, dueMs: number) => {
    const request = requests[next++ % requests.length] as Buffer;
    lane.sentMs = dueMs;
    lane.isBusy = true;
    lane.remaining = -1;
    sent++;
    if (libc.send(lane.fd, request) !== request.length) fail(lane);
  };
  const fail = (lane: Lane) => {
    report.errors++;
    lane.isOpen = false;
    libc.close(lane.fd);
  };
  const done = (lane: Lane) => {
    lane.isBusy = false;
    report.replies++;
    if (report.totalsMs.length < SAMPLES_MAX) report.totalsMs.push(performance.now() - lane.sentMs);
    if (order.rate === 0) ask(lane, performance.now());
  };
  /** Reads what is there; the head by itself once, the body without looking at it. */
  const read = (lane: Lane) => {
    for (;;) {
      const isHead = lane.remaining < 0;
      const got = isHead
        ? libc.receive(lane.fd, head, HEAD_BYTES, MSG_DONTWAIT)
        : libc.receive(lane.fd, discard, Math.min(lane.remaining, DISCARD_BYTES), MSG_DONTWAIT | MSG_TRUNC);
      if (got <= 0) return got < 0 && libc.lastError() === EAGAIN ? undefined : fail(lane);
      report.bytes += got;
      if (isHead) {
        if (report.firstsMs.length < SAMPLES_MAX) report.firstsMs.push(performance.now() - lane.sentMs);
        const bodyBytes = bodyAfter(head.toString('latin1', 0, got));
        if (bodyBytes === undefined) return fail(lane);
        lane.remaining = bodyBytes;
      } else lane.remaining -= got;
      if (lane.remaining === 0) return done(lane);
    }
  };

  const startMs = performance.now();
  const endMs = startMs + order.seconds * 1000;
  const cpu = process.cpuUsage();
  if (order.rate === 0) for (const lane of lanes) ask(lane, startMs);
  while (performance.now() < endMs && lanes.some((lane) => lane.isOpen)) {
    if (order.rate > 0) {
      // What is due and finds every connection busy waits, and its waiting counts.
      for (const lane of lanes) {
        const dueMs = startMs + (sent * 1000) / order.rate;
        if (dueMs > performance.now()) break;
        if (lane.isOpen && !lane.isBusy) ask(lane, dueMs);
      }
    }
    const count = libc.wait(set, events, EVENTS_MAX, order.rate > 0 ? 0 : 100);
    for (let i = 0; i < count; i++) {
      const lane = lanes[events.readUInt32LE(i * EVENT_BYTES + EVENT_DATA_AT)];
      if (lane?.isOpen) read(lane);
    }
  }
  const used = process.cpuUsage(cpu);
  return {
    ...report,
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
  };
}

function openLanes(libc: Libc, set: number, { port, connections }: SinkOrder): Lane[] {
  return Array.from({ length: connections }, (_, index) => {
    const fd = libc.connectTo(port);
    libc.addToSet(set, fd, index);
    return { fd, sentMs: 0, remaining: -1, isOpen: true, isBusy: false };
  });
}

/** How much of the body is yet to come after the bytes that came with the head; undefined for what is no success. */
function bodyAfter(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(text)?.[1];
  if (end < 0 || length === undefined || !/^HTTP\/1\.1 20[06]/.test(text)) return undefined;
  return Number(length) - (text.length - end - 4);
}
