/**
 * Mints CloudFront signed URLs and signed cookies, and holds what minting and checking share: the text of a canned
 * policy, the alphabet of base64, the names. Pure functions: time and keys come in, nothing is kept. How a
 * signature is checked is known at the edge alone (services/edge/security/cloudfront-signature.ts).
 * Source: "Use signed URLs" and "Use signed cookies" (Amazon CloudFront Developer Guide).
 */
import { type KeyObject, sign } from 'node:crypto';
import { MatineeError } from './errors.ts';

/** What carries a signature: a query parameter of this name, or a cookie of this name behind `CloudFront-`. */
export const CLOUDFRONT_FIELDS = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'] as const;
export type CloudFrontField = (typeof CLOUDFRONT_FIELDS)[number];
export const CLOUDFRONT_COOKIE_PREFIX = 'CloudFront-';

/** SHA-1 is what CloudFront means when nothing is said. */
export type CloudFrontHash = 'SHA1' | 'SHA256';

/** What a signature grants. A resource with `*`, a start or a range of addresses needs a custom policy. */
export type CloudFrontGrant = {
  /** The URL, without signature; in a custom policy `*` stands for any text and `?` for one character. */
  resource: string;
  expiresS: number;
  startsS?: number;
  /** An address or a CIDR block. */
  sourceIp?: string;
};

export type CloudFrontSigner = {
  keyPairId: string;
  /** RSA, or ECDSA on P-256. */
  privateKey: KeyObject;
  hash?: CloudFrontHash;
};

/** Visible ASCII that needs no escape in JSON: the text of a policy is the same to whoever writes it. */
const PLAIN_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The policy that `Expires` stands for, letter by letter as CloudFront rebuilds it. */
export function cannedPolicy(url: string, expiresS: number): string {
  return `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expiresS}}}}]}`;
}

export function toCloudFrontBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');
}

/** The bytes, or undefined for whatever the encoder would not have written, spare bits and padding included. */
export function fromCloudFrontBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9~-]*_{0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64');
  return toCloudFrontBase64(bytes) === text ? bytes : undefined;
}

/** The URL with a signature behind its own query. `grant.resource` may be wider than the URL. */
export function signCloudFrontUrl(url: string, grant: CloudFrontGrant, signer: CloudFrontSigner): string {
  const wider = grant.resource !== url;
  const query = fieldsOf(grant, signer, wider).map(([name, value]) => `${name}=${value}`);
  return `${url}${url.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** Names and values of the cookies; their attributes (Domain, Path, Secure, HttpOnly) are the caller's. */
export function signCloudFrontCookies(
  grant: CloudFrontGrant,
  signer: CloudFrontSigner,
): ReadonlyArray<readonly [name: string, value: string]> {
  return fieldsOf(grant, signer, false).map(([name, value]) => [`${CLOUDFRONT_COOKIE_PREFIX}${name}`, value]);
}

function fieldsOf(
  grant: CloudFrontGrant,
  signer: CloudFrontSigner,
  wider: boolean,
): [CloudFrontField, string][] {
  const { resource, expiresS, startsS, sourceIp } = grant;
  if (!PLAIN_TEXT.test(resource) || !Number.isSafeInteger(expiresS) || expiresS <= 0) {
    throw new MatineeError('invalid_request', 'a resource in plain ASCII and a time in seconds are needed');
  }
  // A star in a canned policy would be a wildcard to whoever sends the same text as a custom one.
  const custom = wider || resource.includes('*') || startsS !== undefined || sourceIp !== undefined;
  const policy = custom ? customPolicy(grant) : cannedPolicy(resource, expiresS);
  const hash = signer.hash ?? 'SHA1';
  const signature = sign(hash, Buffer.from(policy), signer.privateKey);
  return [
    custom ? ['Policy', toCloudFrontBase64(Buffer.from(policy))] : ['Expires', String(expiresS)],
    ['Signature', toCloudFrontBase64(signature)],
    ['Key-Pair-Id', signer.keyPairId],
    ...(hash === 'SHA1' ? [] : [['Hash-Algorithm', hash] satisfies [CloudFrontField, string]]),
  ];
}

function customPolicy({ resource, expiresS, startsS, sourceIp }: CloudFrontGrant): string {
  const Condition = {
    DateLessThan: { 'AWS:EpochTime': expiresS },
    ...(startsS === undefined ? {} : { DateGreaterThan: { 'AWS:EpochTime': startsS } }),
    ...(sourceIp === undefined ? {} : { IpAddress: { 'AWS:SourceIp': sourceIp } }),
  };
  return JSON.stringify({ Statement: [{ Resource: resource, Condition }] });
}
