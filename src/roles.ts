/** The roles of the program: which there are, and which processes a choice of them becomes. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MatineeError } from './platform/errors.ts';

/** Roles that run together in the control process of an installation. */
export const CONTROL_ROLES = {
  records: 'the PostgreSQL that the program brings (not needed with DATABASE_URL)',
  origin: 'the S3 door over the object store',
  catalog: 'titles, artwork and browser uploads',
  studio: 'plans encodes, hands out their tasks, publishes',
  playback: 'play sessions and edge tokens',
  steering: 'knows the edges and ranks them for each viewer',
  web: 'the pages, and the front door of the API',
} as const;

/** Roles that run in processes of their own, so that one that dies takes nothing else with it. */
export const FLEET_ROLES = {
  edge: 'caching edge nodes, one process for each of MATINEE_EDGE_PORTS',
  encoder: 'encoder workers, MATINEE_ENCODERS processes',
} as const;

/** The encoder worker that takes urgent tasks only. */
export const URGENT_ENCODER = 'encoder-urgent';

/** Besides the urgent one. */
export function encoderCount({ MATINEE_ENCODERS: wanted }: { MATINEE_ENCODERS: number }): number {
  return wanted === -1 ? availableParallelism() : wanted;
}

export type ControlRole = keyof typeof CONTROL_ROLES;
export type Role = ControlRole | keyof typeof FLEET_ROLES;

/** What a process of an edge is called; an edge may be several, numbered from 1. */
export function edgeProcess(port: number, shard: number): string {
  return shard === 1 ? `edge-${port}` : `edge-${port}-${shard}`;
}

export const ALL_ROLES = [...Object.keys(CONTROL_ROLES), ...Object.keys(FLEET_ROLES)] as Role[];

export type Arguments =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'supervisor'; roles: ReadonlySet<Role> }
  | { kind: 'control'; roles: ReadonlySet<Role> }
  | { kind: 'edge'; port: number; shard: number }
  | { kind: 'encoder'; name: string };

/** Reads the command line. Throws invalid_config with what is wrong and what would be right. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = readOptions(argv);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const roles = parseRoles(values.roles ?? 'all');
  if (values.unit === undefined) return { kind: 'supervisor', roles };
  if (values.unit === 'control') return { kind: 'control', roles };
  if (values.unit === 'edge')
    return { kind: 'edge', port: Number(values.port), shard: Number(values.shard ?? 1) };
  if (values.unit === 'encoder') return { kind: 'encoder', name: values.name ?? 'encoder' };
  throw new MatineeError('invalid_config', `--unit=${values.unit}: no such unit`);
}

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        roles: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
        unit: { type: 'string' },
        port: { type: 'string' },
        shard: { type: 'string' },
        name: { type: 'string' },
      },
    });
  } catch (cause) {
    throw new MatineeError('invalid_config', `${(cause as Error).message} Try --help.`, { cause });
  }
}

export function parseRoles(text: string): ReadonlySet<Role> {
  if (text === 'all') return new Set(ALL_ROLES);
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !ALL_ROLES.includes(name as Role));
  if (unknown.length > 0) {
    throw new MatineeError(
      'invalid_config',
      `--roles: no such role: ${unknown.join(', ')}. There are: all, ${ALL_ROLES.join(', ')}.`,
    );
  }
  return new Set(names as Role[]);
}

/** The help text, without the settings. */
export function helpText(): string {
  const row = ([name, meaning]: [string, string]) => `  ${name.padEnd(10)} ${meaning}`;
  return [
    'Matinee: a film goes in at one end and plays at the other.',
    '',
    'Usage: npm start [-- --roles=ROLE,ROLE…]',
    '',
    'Roles (default: all):',
    ...Object.entries({ ...CONTROL_ROLES, ...FLEET_ROLES }).map(row),
    '',
    'Options:',
    '  --roles=…   run only these; processes that share a data folder find each other',
    '  --help      this text, and every setting',
    '  --version   the version',
    '',
    'Ctrl-C stops everything; what was acknowledged is kept in the data folder.',
  ].join('\n');
}
