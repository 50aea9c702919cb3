/**
 * `npm run bench -- NAME`: runs one benchmark and prints its table. It exits with 0 when the benchmark ran, whether
 * or not goals were met: figures of a busy machine are no failure. What each one measures is in docs/performance.md.
 */
import { fileURLToPath } from 'node:url';
import { installMissing, runInOwnNetwork, TOOLS } from './edge/machine.ts';
import { readCommand, USAGE, unknownWorks } from './options.ts';
import { type BenchOptions, type BenchResult, printRows } from './rows.ts';

type Say = (text: string) => void;
type Run = (options: BenchOptions, say: Say, signal: AbortSignal) => Promise<BenchResult | undefined>;
type Bench = { usesNetwork: boolean; load: () => Promise<{ run: Run; works?: readonly string[] }> };

const EVICTION = './eviction/eviction.ts';
type Eviction = { runEviction(options: { json: boolean }): Promise<BenchResult | undefined> };

const BENCHES: Record<string, Bench> = {
  edge: {
    usesNetwork: true,
    load: async () => {
      const { runEdge, EDGE_WORKS } = await import('./edge/edge.ts');
      return { run: runEdge, works: EDGE_WORKS };
    },
  },
  'edge-soak': {
    usesNetwork: true,
    load: async () => ({ run: (await import('./edge/soak.ts')).runSoak }),
  },
  'first-light': {
    usesNetwork: false,
    load: async () => {
      const { runFirstLight, FIRST_LIGHT_WORKS } = await import('./first-light/first-light.ts');
      return { run: runFirstLight, works: FIRST_LIGHT_WORKS };
    },
  },
  encode: {
    usesNetwork: false,
    load: async () => {
      const { runEncode, ENCODE_WORKS } = await import('./encode/encode.ts');
      return { run: runEncode, works: ENCODE_WORKS };
    },
  },
  fleet: {
    usesNetwork: false,
    load: async () => {
      const { runFleet, FLEET_WORKS } = await import('./fleet/fleet.ts');
      return { run: runFleet, works: FLEET_WORKS };
    },
  },
  eviction: {
    usesNetwork: false,
    load: async () => {
      // Named at run time: a simulation of its own, which this program can do without.
      const { runEviction } = (await import(new URL(EVICTION, import.meta.url).href)) as Eviction;
      return { run: ({ json }) => runEviction({ json }) };
    },
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const command = readCommand(args, Object.keys(BENCHES));
  if ('wrong' in command) {
    process.stderr.write(`${command.wrong}\n\n${USAGE}`);
    return 2;
  }
  const { name, options } = command;
  const say: Say = (text) => process.stderr.write(`${text}\n`);
  const bench = BENCHES[name] as Bench;
  const loaded = await bench.load().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write(`${name} cannot run: ${error.message}\n`);
  });
  if (!loaded) return 2;
  const { run, works } = loaded;
  const unknown = unknownWorks(options.only, works ?? options.only);
  if (unknown.length > 0) {
    process.stderr.write(`no work ${unknown.join(', ')}; there are ${works?.join(', ')}\n`);
    return 2;
  }
  if (bench.usesNetwork) {
    installMissing(TOOLS, say);
    const code = await runInOwnNetwork([fileURLToPath(import.meta.url), ...args]);
    if (code !== undefined) return code;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort());
  const result = await run(options, say, stopping.signal);
  if (result) print(result, options.json);
  return 0;
}

function print({ rows, notes }: BenchResult, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify({ rows })}\n` : printRows(rows, notes));
}
