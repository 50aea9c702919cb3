/**
 * How one edge fetches through another, the shield, which then asks the origin once for all of them. An edge shows
 * that it belongs to the installation by a mark over the object's key and the time, made with the secret that the
 * services share. Pure but for the hash.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Targets of requests from other edges. */
export const SHIELD_PREFIX = '/.shield/';
/** Targets by which a shard tells another that an object of it is in use; what follows is the name in base64url. */
export const TOUCH_PREFIX = '/.touch/';
/** Field that carries the mark: `<seconds since the epoch>.<HMAC-SHA256 in base64url>`. */
export const SHIELD_FIELD = 'x-matinee-shield';
/** Field by which a shard tells the owner that it asks which order it has carried out last. */
export const ORDERS_FIELD = 'x-matinee-orders';
/** How far the clocks of two edges may be apart. */
const APART_S = 60;
const FORM = /^([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/;

export function shieldMark(secret: string, key: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `${seconds}.${digest(secret, key, seconds).toString('base64url')}`;
}

/** Whether a request for this key comes from an edge of the installation. */
export function isShieldMark(secret: string, key: string, mark: string, nowMs: number): boolean {
  const [, seconds, text] = FORM.exec(mark) ?? [];
  if (seconds === undefined || text === undefined) return false;
  const given = Buffer.from(text, 'base64url');
  const expected = digest(secret, key, Number(seconds));
  const isEqual = given.length === expected.length && timingSafeEqual(given, expected);
  return isEqual && Math.abs(nowMs / 1000 - Number(seconds)) <= APART_S;
}

function digest(secret: string, key: string, seconds: number): Buffer {
  return createHmac('sha256', secret).update(`matinee-shield\n${seconds}\n${key}`).digest();
}
