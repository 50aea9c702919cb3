/** Reads the command line of the benchmarks and refuses what it does not know. */
import type { BenchOptions } from './rows.ts';

export type Command = { name: string; options: BenchOptions };

export const USAGE = `npm run bench -- NAME [--json] [--quick] [--only=work,…] [--minutes=N]

  --json     one object {"rows":[…]} and nothing else
  --quick    single short rounds: shows that everything runs, says little of speed
  --only     some works by their ids
  --minutes  how long a soak lasts (10)
`;

/** Gives the command, or what is wrong with it. */
export function readCommand(args: readonly string[], names: readonly string[]): Command | { wrong: string } {
  const options = { json: false, quick: false, only: [] as string[], minutes: 10 };
  let name: string | undefined;
  for (const arg of args) {
    const [flag = '', value] = arg.split(/=(.*)/s);
    if (arg === '--json') options.json = true;
    else if (arg === '--quick') options.quick = true;
    else if (flag === '--only' && value) options.only = value.split(',').filter((id) => id !== '');
    else if (flag === '--minutes' && Number(value) > 0 && Number(value) <= 1440)
      options.minutes = Number(value);
    else if (arg.startsWith('-')) return { wrong: `unknown or incomplete option ${arg}` };
    else if (name === undefined) name = arg;
    else return { wrong: `one benchmark at a time, not ${name} and ${arg}` };
  }
  if (name === undefined) return { wrong: `which benchmark? ${names.join(', ')}` };
  if (!names.includes(name)) return { wrong: `no benchmark ${name}; there are ${names.join(', ')}` };
  return { name, options };
}

/** Ids of `--only` that no work has. */
export function unknownWorks(only: readonly string[], known: readonly string[]): string[] {
  return only.filter((id) => !known.includes(id));
}
