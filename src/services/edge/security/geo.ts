/**
 * Countries of client addresses from a local file in MaxMind's format, and rules by country. The file is looked at
 * now and then, and a newer one is taken without a restart; one that is damaged is reported and the last good one
 * serves on. Nothing is asked of the network.
 */
import { readFile, stat } from 'node:fs/promises';
import { Reader, type Response } from 'maxmind';
import { createAlarm } from '../../../platform/alarm.ts';
import type { Clock } from '../../../platform/clock.ts';
import { MatineeError, systemCode } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { putLast } from '../bounded-map.ts';
import { readAddress } from './addresses.ts';

export type CountryDatabase = AsyncDisposable & {
  /** ISO 3166-1 code of two letters, undefined when the file does not know the address. */
  countryOf(address: string): string | undefined;
  /** Looks at the file now; true when a newer one was taken. */
  refresh(): Promise<boolean>;
  close(): Promise<void>;
};

export type CountryDatabaseOptions = {
  clock: Clock;
  log: Log;
  /** Addresses whose country is remembered. */
  cacheMax?: number;
  pollMs?: number;
  fileBytesMax?: number;
};

type Opened = { reader: Reader<Response>; version: string };

const SEPARATOR_BYTES = 16;
const RECORDS_MAX = 4096;
const COUNTRY = /^[A-Z]{2}$/;

/** Fails with `invalid_config` when the file is absent, too large or damaged. */
export async function openCountryDatabase(
  path: string,
  options: CountryDatabaseOptions,
): Promise<CountryDatabase> {
  const { clock, log, cacheMax = 10_000, pollMs = 60_000, fileBytesMax = 512 * 2 ** 20 } = options;
  let current = await openFile(path, fileBytesMax);
  let refused = '';
  const known = new Map<string, string | undefined>();
  const ended = new AbortController();
  const alarm = createAlarm(clock);

  const refresh = async (): Promise<boolean> => {
    let version = '';
    try {
      version = await versionOf(path);
      if (version === current.version || version === refused) return false;
      current = await openFile(path, fileBytesMax);
    } catch (error) {
      // Said once for each file, not at each look.
      if (version !== refused) log.warn('the new country database is not taken', { error });
      refused = version;
      return false;
    }
    known.clear();
    log.info('a new country database is in use', { built: current.reader.metadata.buildEpoch.toISOString() });
    return true;
  };
  const watching = (async () => {
    while (!ended.signal.aborted) {
      await alarm.wait(pollMs, ended.signal);
      await refresh();
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  const close = async () => {
    ended.abort();
    await watching;
  };

  return {
    countryOf: (address) => {
      if (known.has(address)) return known.get(address);
      const read = readAddress(address);
      if (!read) return undefined;
      const { reader } = current;
      const covered = read.family === 'ipv4' || reader.metadata.ipVersion === 6;
      const country = covered ? lookUp(reader, read.text) : undefined;
      putLast(known, address, country, cacheMax);
      return country;
    },
    refresh,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openFile(path: string, bytesMax: number): Promise<Opened> {
  const fault = (why: string, cause?: unknown) =>
    new MatineeError('invalid_config', `the country database ${why}`, { cause, details: { path } });
  try {
    const version = await versionOf(path);
    const { size } = await stat(path);
    if (size > bytesMax) throw fault('is too large');
    const file = await readFile(path);
    const reader = new Reader<Response>(file, { cache: boundedCache() });
    const { nodeCount, searchTreeSize, ipVersion } = reader.metadata;
    const fits = Number.isInteger(nodeCount) && searchTreeSize + SEPARATOR_BYTES < file.length;
    if (!fits || nodeCount < 1 || (ipVersion !== 4 && ipVersion !== 6)) throw fault('is damaged');
    // One look-up of each family goes through the whole of the reader.
    reader.get('192.0.2.1');
    if (ipVersion === 6) reader.get('2001:db8::1');
    return { reader, version };
  } catch (error) {
    if (error instanceof MatineeError) throw error;
    throw fault(systemCode(error) === 'ENOENT' ? 'is absent' : 'is damaged or cannot be read', error);
  }
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs} ${size} ${ino}`;
}

/** Country files hold a few hundred records: they all fit, and a file of another kind does not grow it. */
function boundedCache() {
  const records = new Map<string | number, unknown>();
  return {
    get: (key: string | number) => records.get(key),
    set: (key: string | number, value: unknown) => {
      if (records.size >= RECORDS_MAX) records.clear();
      records.set(key, value);
    },
  };
}

/** GeoIP2 and its kin hold `country.iso_code`; flat files hold `country_code` or `country`. */
function lookUp(reader: Reader<Response>, address: string): string | undefined {
  let found: Record<string, unknown> | null;
  try {
    found = reader.get(address) as Record<string, unknown> | null;
  } catch {
    // A damaged record: the address is as unknown as one that the file does not hold.
    return undefined;
  }
  const country = found?.country;
  const nested = typeof country === 'object' ? (country as { iso_code?: unknown } | null)?.iso_code : country;
  const code = nested ?? found?.country_code;
  return typeof code === 'string' && COUNTRY.test(code) ? code : undefined;
}

export type CountryRuleOptions = {
  /** Only these countries, when given. */
  allow?: readonly string[];
  /** None of these. */
  deny?: readonly string[];
  /** What becomes of an address whose country is not known. */
  unknown: 'allow' | 'deny';
};

/** Whether a country may watch. Throws `invalid_config` for codes that are none. */
export function countryRule(options: CountryRuleOptions): (country: string | undefined) => boolean {
  const allow = options.allow && countrySet(options.allow);
  const deny = countrySet(options.deny ?? []);
  return (country) => {
    if (country === undefined) return options.unknown === 'allow';
    return !deny.has(country) && (allow === undefined || allow.has(country));
  };
}

function countrySet(codes: readonly string[]): ReadonlySet<string> {
  const wrong = codes.find((code) => !COUNTRY.test(code));
  if (wrong !== undefined) {
    throw new MatineeError('invalid_config', 'not an ISO 3166-1 country code', { details: { code: wrong } });
  }
  return new Set(codes);
}
