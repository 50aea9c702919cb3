/**
 * The `interruptions` port on EC2: the instance's metadata service, version 2, tells of a spot instance that is about
 * to be stopped or terminated. A session token is fetched once and again when it has run out.
 */
import { MatineeError } from '../../platform/errors.ts';
import type { Interruptions } from './interruptions.ts';

export const METADATA_URL = 'http://169.254.169.254';
const TOKEN_TTL_S = 21_600;
const LIMIT_MS = 2000;

export function createSpotInterruptions(deps: { fetch: typeof fetch; baseUrl?: string }): Interruptions {
  const base = deps.baseUrl ?? METADATA_URL;
  let token: string | undefined;

  const call = async (path: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
    return deps.fetch(new URL(path, base), { ...init, signal: limit, redirect: 'error' });
  };
  const newToken = async (signal: AbortSignal): Promise<string> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_S) };
    const response = await call('/latest/api/token', { method: 'PUT', headers }, signal);
    const text = await response.text();
    if (!response.ok) throw unavailable(response.status);
    return text;
  };
  const ask = async (signal: AbortSignal): Promise<Response> => {
    token ??= await newToken(signal);
    const headers = { 'x-aws-ec2-metadata-token': token };
    return call('/latest/meta-data/spot/instance-action', { headers }, signal);
  };

  return {
    async look(signal) {
      let response = await ask(signal);
      if (response.status === 401) {
        await response.body?.cancel();
        token = undefined;
        response = await ask(signal);
      }
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw unavailable(response.status);
      return { atMs: timeOf(text) };
    },
  };
}

function timeOf(text: string): number {
  try {
    const atMs = Date.parse(String((JSON.parse(text) as { time?: unknown }).time));
    if (!Number.isNaN(atMs)) return atMs;
  } catch (cause) {
    throw new MatineeError('unavailable', 'the metadata service answers no JSON', { cause });
  }
  throw new MatineeError('unavailable', 'the metadata service tells no time');
}

const unavailable = (status: number) =>
  new MatineeError('unavailable', `the metadata service answers ${status}`);
