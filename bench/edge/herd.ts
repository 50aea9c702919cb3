/**
 * A program: many clients that ask for one object at the same moment. All are connected before the first asks. It
 * sends a `HerdReport` once every client has its reply or the time is over.
 */
import { connect, type Socket } from 'node:net';

export type HerdOrder = { port: number; path: string; clients: number; bodyBytes: number; limitMs: number };

export type HerdReport = {
  /** Clients with a whole reply, by status. */
  statuses: Record<string, number>;
  /** Clients whose reply did not come whole in time. */
  unanswered: number;
  /** From asking to the first byte of the body, and to its last, of each whole reply. */
  firstsMs: number[];
  totalsMs: number[];
};

type Client = { socket: Socket; head: string; status: number; remaining: number; firstMs: number };

const READ_BYTES = 256 * 1024;
const HEAD_CHARS_MAX = 16_384;

if (process.argv[2] !== undefined && process.send) {
  const report = await runOrder(JSON.parse(process.argv[2]) as HerdOrder);
  process.send(report, () => process.exit(0));
}

async function runOrder({ port, path, clients, bodyBytes, limitMs }: HerdOrder): Promise<HerdReport> {
  const report: HerdReport = { statuses: {}, unanswered: clients, firstsMs: [], totalsMs: [] };
  // Nobody looks at the bytes, so all clients read into the same memory.
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let startMs = 0;

  const take = (client: Client, length: number): boolean => {
    if (client.remaining < 0) {
      client.head += buffer.toString('latin1', 0, length);
      const end = client.head.indexOf('\r\n\r\n');
      if (end < 0) return client.head.length < HEAD_CHARS_MAX;
      client.status = Number(client.head.slice(9, 12));
      const bytes = Number(/\r\ncontent-length:\s*(\d+)/i.exec(client.head)?.[1] ?? bodyBytes);
      client.remaining = bytes - (client.head.length - end - 4);
      if (client.head.length > end + 4) client.firstMs = performance.now() - startMs;
    } else {
      client.firstMs ||= performance.now() - startMs;
      client.remaining -= length;
    }
    if (client.remaining <= 0) whole(client);
    return true;
  };
  const whole = ({ socket, status, firstMs }: Client) => {
    report.statuses[status] = (report.statuses[status] ?? 0) + 1;
    report.firstsMs.push(firstMs);
    report.totalsMs.push(performance.now() - startMs);
    socket.destroy();
    if (--report.unanswered === 0) finish();
  };
  const join = (): Promise<Client> =>
    new Promise((resolve, reject) => {
      const onread = { buffer, callback: (length: number) => take(client, length) };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
      const client: Client = { socket, head: '', status: 0, remaining: -1, firstMs: 0 };
      socket.once('connect', () => resolve(client));
      // Before it is connected that ends the measurement; later its client counts as unanswered.
      socket.on('error', reject);
    });

  const herd: Client[] = [];
  // In small groups, so that the server's queue of connections does not overflow.
  while (herd.length < clients) {
    const group = Math.min(50, clients - herd.length);
    herd.push(...(await Promise.all(Array.from({ length: group }, join))));
  }
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  startMs = performance.now();
  for (const { socket } of herd) socket.write(request);
  const limit = setTimeout(finish, limitMs);
  await finished;
  clearTimeout(limit);
  return report;
}
