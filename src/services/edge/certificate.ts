/** Reads a certificate and its key from files, and again when they change, so that no restart is needed. */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import { MatineeError, systemCode } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };
export type Certificate = { readonly cert: Buffer; readonly key: Buffer };

const FILE_BYTES_MAX = 1024 * 1024;

/** Throws invalid_config when a file cannot be read or the two do not belong together. */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readBounded(certFile), readBounded(keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new MatineeError(
      'invalid_config',
      `${certFile} and ${keyFile}: not a certificate and its key: ${why}`,
      {
        cause,
      },
    );
  }
  return { cert, key };
}

export type OriginTls = { readonly cert?: Buffer; readonly key?: Buffer; readonly ca?: string[] };

/** What connections to origins are made with (mutual TLS). Throws invalid_config for files that are wrong. */
export async function readOriginTls(
  files: (Partial<CertificateFiles> & { readonly caFile?: string }) | undefined,
): Promise<OriginTls> {
  const { certFile, keyFile, caFile } = files ?? {};
  const own = certFile && keyFile ? await readCertificate({ certFile, keyFile }) : {};
  const ca = caFile ? { ca: [...rootCertificates, (await readBounded(caFile)).toString('latin1')] } : {};
  return { ...own, ...ca };
}

/** Looks every `everyMs`; a pair that is wrong is told once, and the one before stays in use. */
export function watchCertificate(
  files: CertificateFiles,
  everyMs: number,
  log: Log,
  renewed: (certificate: Certificate) => void,
): { close(): void } {
  let last: string | undefined;
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const now = await stampOf(files);
      const isNew = last !== undefined && now !== last;
      last = now;
      if (!isNew) return;
      renewed(await readCertificate(files));
      log.info('the certificate was renewed', { file: files.certFile });
    } catch (error) {
      log.warn('the certificate cannot be renewed; the one before stays', { why: (error as Error).message });
    } finally {
      isLooking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), everyMs);
  return { close: () => clearInterval(timer) };
}

async function stampOf({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const stats = await Promise.all([stat(certFile), stat(keyFile)]);
  return stats.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join();
}

async function readBounded(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX)
      throw new MatineeError('invalid_config', `${file}: too large for a certificate`);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof MatineeError) throw cause;
    throw new MatineeError('invalid_config', `${file}: cannot be read: ${systemCode(cause) ?? 'unknown'}`, {
      cause,
    });
  }
}
