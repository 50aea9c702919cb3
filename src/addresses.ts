/** Addresses of this installation as viewers and other processes reach them. */
import { networkInterfaces } from 'node:os';
import { hostInUrl } from './platform/http.ts';
import type { Settings } from './settings.ts';

/** The host in addresses that are handed to viewers. */
export function publicHost(settings: Settings): string {
  if (settings.MATINEE_PUBLIC_HOST !== '') return hostInUrl(settings.MATINEE_PUBLIC_HOST);
  const wildcard = settings.MATINEE_HOST === '0.0.0.0' || settings.MATINEE_HOST === '::';
  return wildcard ? (firstOutsideAddress() ?? '127.0.0.1') : hostInUrl(settings.MATINEE_HOST);
}

export function publicUrl(settings: Settings, port: number): string {
  return `http://${publicHost(settings)}:${port}`;
}

function firstOutsideAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address;
}

/** What an edge calls itself towards steering; on several machines the same port must not mean the same name. */
export function edgeName(settings: Settings, port: number): string {
  const host = publicHost(settings);
  if (/^(localhost|127\..*|\[::1\])$/.test(host)) return `edge-${port}`;
  const words = host.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${words.join('-').slice(0, 50)}-${port}`;
}
