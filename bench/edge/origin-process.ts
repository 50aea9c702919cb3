/** The benchmark's origin in a process of its own: how it is started, asked what it served, stopped and killed. */
import { nextMessage, type Started, startProgram } from './processes.ts';

export type BenchOrigin = AsyncDisposable & {
  readonly port: number;
  /** How often an object was asked for, by any server, since the origin was started. */
  requestsFor(object: string): Promise<number>;
  /** How often anything was asked for. */
  requestsForAll(): Promise<number>;
  /** Accepts connections and says nothing on them, until `wake`. */
  hang(): void;
  wake(): void;
  kill(): Promise<void>;
  /** Starts again on the same port; what it counted is forgotten. */
  restart(): Promise<void>;
};

const READY_MS = 15_000;

export async function openOrigin(): Promise<BenchOrigin> {
  let { started, port } = await launch(0);
  const counts = async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/counts`);
    return (await reply.json()) as Record<string, number>;
  };
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    port,
    requestsFor: async (object) => {
      const found = Object.entries(await counts()).filter(([path]) => path.endsWith(`/${object}`));
      return sum(found.map(([, count]) => count));
    },
    requestsForAll: async () => sum(Object.values(await counts())),
    hang: () => void started.child.kill('SIGSTOP'),
    wake: () => void started.child.kill('SIGCONT'),
    kill: async () => {
      const ended = new Promise((resolve) => started.child.once('exit', resolve));
      started.child.kill('SIGKILL');
      await ended;
    },
    restart: async () => {
      ({ started, port } = await launch(port));
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function launch(wanted: number): Promise<{ started: Started; port: number }> {
  const started = startProgram(new URL('./origin.ts', import.meta.url), { port: wanted }, 'client');
  const { port } = await nextMessage<{ port: number }>(started, READY_MS);
  return { started, port };
}
