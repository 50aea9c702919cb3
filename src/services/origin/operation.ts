/** What one S3 operation is: its name, what it needs of the access key, and its work. One file each in routes/. */
import type { Log } from '../../platform/log.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { AccessNeed } from './access-scope.ts';
import type { Payload } from './payload.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

export type Operation = {
  /** S3's own name. */
  readonly name: string;
  /** Checked before `run`, so that no operation can forget it. */
  needs(target: Target): AccessNeed[];
  run(call: Call): Promise<Response>;
};

/** A request with the bucket and key that its route has; empty where the route has none. */
export type Target = S3Request & { readonly bucket: string; readonly key: string };

export type Call = {
  readonly target: Target;
  readonly objects: ObjectStore;
  /** The body, opened once; its head is checked here, before the first byte is asked for. */
  payload(): Payload;
  readonly region: string;
  readonly log: Log;
  /** For needs that are known only from the body. */
  may(need: AccessNeed): boolean;
};

/** The owner of everything behind this door. */
export const OWNER = {
  id: '6d6174696e656500000000000000000000000000000000000000000000000000',
  name: 'matinee',
};

export function xmlReply(body: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/xml', ...headers } });
}

/** A whole number of the query within bounds. Throws S3Error InvalidArgument. */
export function queryNumber(target: S3Request, name: string, min: number, max: number): number | undefined {
  const text = target.query.get(name);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value < min || value > max) {
    throw new S3Error('InvalidArgument', `${name} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

/** The encoder of `encoding-type`: keys may hold characters that XML cannot. Throws S3Error InvalidArgument. */
export function nameEncoder(target: S3Request): (name: string) => string {
  const type = target.query.get('encoding-type');
  if (type === undefined) return (name) => name;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (name) => encodeURIComponent(name).replaceAll('%2F', '/');
}
