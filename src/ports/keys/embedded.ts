/**
 * The `keys` port on files: master keys of 32 random bytes, one file each, readable by their owner only.
 *
 * A wrapped secret is `version (1) | key id (12) | nonce (12) | ciphertext | tag (16)`: AES-256-GCM (NIST SP
 * 800-38D) with a fresh random nonce; the first 13 bytes and the context, as JSON with sorted names, are
 * authenticated with it. The current key is the one with the newest name.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { createFileOnce } from '../../platform/files.ts';
import type { KeyContext, Keys } from './keys.ts';

const FORMAT = 1;
const ID_BYTES = 12;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + ID_BYTES;
const SECRET_BYTES_MAX = 4096;
const KEY_FILE = /^(\d{12})\.key$/;

type MasterKey = { id: string; bytes: Buffer };

/** Throws invalid_config when others than the owner could read a key file. */
export async function openLocalKeys(options: { folder: string; clock: Clock }): Promise<Keys> {
  const { folder, clock } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const masters = new Map<string, MasterKey>();
  let current = await newest(folder);
  // The first key has a fixed name, so that of several processes that start together one makes it.
  if (current === undefined) current = await makeKey(folder, '0'.repeat(ID_BYTES));

  const master = async (id: string): Promise<MasterKey> => {
    const known = masters.get(id);
    if (known) return known;
    const read = await readKey(folder, id);
    masters.set(id, read);
    return read;
  };
  await master(current);

  const wrap = async (secret: Uint8Array, context: KeyContext) => {
    if (secret.byteLength < 1 || secret.byteLength > SECRET_BYTES_MAX) {
      throw new MatineeError('invalid_request', `a secret has 1 to ${SECRET_BYTES_MAX} bytes`);
    }
    return seal(await master(current as string), secret, context, randomBytes(NONCE_BYTES));
  };
  return {
    wrap,
    unwrap: async (wrapped, context) => {
      const bytes = Buffer.from(wrapped);
      if (bytes[0] !== FORMAT || bytes.byteLength < HEADER_BYTES + NONCE_BYTES + TAG_BYTES + 1)
        throw refused();
      const id = bytes.subarray(1, HEADER_BYTES).toString('latin1');
      if (!/^\d{12}$/.test(id)) throw refused();
      return open(await master(id), bytes, context);
    },
    dataKey: async (bytes, context) => {
      const plain = randomBytes(bytes);
      return { plain, wrapped: await wrap(plain, context) };
    },
    rotate: async () => {
      const id = String(Math.max(clock.now(), Number(current) + 1))
        .padStart(ID_BYTES, '0')
        .slice(-ID_BYTES);
      current = await makeKey(folder, id);
    },
    health: async () => {
      try {
        await readKey(folder, current as string);
        return { ready: true };
      } catch (error) {
        return { ready: false, reason: (error as Error).message };
      }
    },
  };
}

/** Exported for the test that holds the format still. */
export function seal(key: MasterKey, secret: Uint8Array, context: KeyContext, nonce: Uint8Array): Buffer {
  const header = Buffer.concat([Buffer.from([FORMAT]), Buffer.from(key.id, 'latin1')]);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce);
  cipher.setAAD(Buffer.concat([header, contextBytes(context)]));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]);
}

function open(key: MasterKey, bytes: Buffer, context: KeyContext): Buffer {
  const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce);
  decipher.setAAD(Buffer.concat([bytes.subarray(0, HEADER_BYTES), contextBytes(context)]));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    // The cipher's own error says nothing more than this, and nothing more should be said.
    throw refused();
  }
}

function contextBytes(context: KeyContext): Buffer {
  const sorted = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(sorted));
}

function refused(): MatineeError {
  return new MatineeError('forbidden', 'the wrapped secret does not open with this context');
}

async function newest(folder: string): Promise<string | undefined> {
  const ids = (await readdir(folder)).flatMap((name) => KEY_FILE.exec(name)?.[1] ?? []);
  return ids.sort().at(-1);
}

async function makeKey(folder: string, id: string): Promise<string> {
  await createFileOnce(join(folder, `${id}.key`), randomBytes(32).toString('hex'), 0o600);
  return id;
}

async function readKey(folder: string, id: string): Promise<MasterKey> {
  const file = join(folder, `${id}.key`);
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new MatineeError('forbidden', `the master key ${id} is not here`);
  if ((found.mode & 0o077) !== 0) {
    throw new MatineeError(
      'invalid_config',
      `others can read the key file ${file}. Type: chmod 600 '${file}'`,
    );
  }
  const bytes = Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
  if (bytes.byteLength !== 32) throw new MatineeError('invalid_config', `the key file ${file} is damaged`);
  return { id, bytes };
}
