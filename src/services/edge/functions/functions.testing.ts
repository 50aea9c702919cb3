/** Events, a clock and functions of the kind that people write, for the tests of edge functions. */
import type { Clock } from '../../../platform/clock.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import { type EdgeFunctions, openEdgeFunctions } from './edge-functions.ts';
import type { FunctionEvent, HeaderList } from './event.ts';
import { eventFromHead } from './event-from-head.ts';
import type { FunctionLimits } from './limits.ts';

export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The time of day stands still; elapsed time is real, since deadlines are. */
export const testClock: Clock = { ...systemClock, now: () => NOW_MS };

/** Chance from a seed: a linear congruential generator (Numerical Recipes' constants). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function openForTest(limits: Partial<FunctionLimits> = {}): Promise<EdgeFunctions> {
  return openEdgeFunctions({ clock: testClock, log: silentLog, random: seededRandom(7) }, { limits });
}

const PARTS = {
  distributionDomainName: 'edge.example.org',
  distributionId: 'EDGE1',
  requestId: 'request-1',
  viewerIp: '192.0.2.7',
};

export function requestEvent(target = '/', headers: HeaderList = [], method = 'GET'): FunctionEvent {
  return eventFromHead({
    ...PARTS,
    request: { method, target, headers: [['Host', 'example.org'], ...headers] },
  });
}

export function responseEvent(headers: HeaderList = [], status = 200): FunctionEvent {
  return eventFromHead({
    ...PARTS,
    request: { method: 'GET', target: '/film.mp4', headers: [['Host', 'example.org']] },
    response: { status, statusText: 'OK', headers },
  });
}

export const INDEX_REWRITE = `
function handler(event) {
  const request = event.request;
  if (request.uri.endsWith('/')) request.uri += 'index.html';
  else if (!request.uri.slice(request.uri.lastIndexOf('/')).includes('.')) request.uri += '/index.html';
  return request;
}`;

export const COUNTRY_REDIRECT = `
const LANGUAGES = { DE: 'de', AT: 'de', FR: 'fr' };
function handler(event) {
  const country = event.request.headers['cloudfront-viewer-country'];
  const language = country && LANGUAGES[country.value];
  if (!language || event.request.uri !== '/') return event.request;
  return {
    statusCode: 302,
    statusDescription: 'Found',
    headers: { location: { value: \`https://\${event.request.headers.host.value}/\${language}/\` } },
  };
}`;

export const SECURITY_HEADERS = `
async function handler(event) {
  const { headers } = event.response;
  headers['strict-transport-security'] = { value: 'max-age=63072000; includeSubDomains' };
  headers['x-content-type-options'] = { value: 'nosniff' };
  headers['content-security-policy'] = { value: "default-src 'self'" };
  delete headers.server;
  return event.response;
}`;

export const JWT_CHECK = `
import cf from 'cloudfront';
import crypto from 'crypto';
const kvs = cf.kvs();
const denied = { statusCode: 401, statusDescription: 'Unauthorized' };
const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
async function handler(event) {
  const { token } = event.request.querystring;
  const parts = token ? token.value.split('.') : [];
  if (parts.length !== 3 || read(parts[0]).alg !== 'HS256') return denied;
  const secret = await kvs.get('jwt-secret');
  const signed = crypto.createHmac('sha256', secret).update(parts[0] + '.' + parts[1]).digest('base64url');
  if (signed !== parts[2] || read(parts[1]).exp * 1000 <= Date.now()) return denied;
  delete event.request.querystring.token;
  event.request.headers['x-user'] = { value: read(parts[1]).sub };
  return event.request;
}`;

export const AB_COOKIE = `
function handler(event) {
  const { request } = event;
  const known = request.cookies.group && request.cookies.group.value;
  const group = known === 'a' || known === 'b' ? known : Math.random() < 0.5 ? 'a' : 'b';
  request.cookies.group = { value: group };
  if (group === 'b') request.uri = '/b' + request.uri;
  return request;
}`;
