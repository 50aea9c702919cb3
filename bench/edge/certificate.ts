/** Makes the certificate that all servers of a run share: P-256, self-signed, for one day. */
import { join } from 'node:path';
import { hasTool } from './machine.ts';
import { runToEnd } from './processes.ts';
import type { Certificate } from './server.ts';

export async function makeCertificate(folder: string): Promise<Certificate | undefined> {
  if (!hasTool('openssl')) return undefined;
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', keyFile];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await runToEnd(
    ['openssl', 'req', '-x509', ...key, ...names, '-days', '1', '-out', certFile],
    'client',
    15_000,
  );
  return { certFile, keyFile };
}
