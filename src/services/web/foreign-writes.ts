/**
 * Refuses writes that a page of another site made a browser send. There is no login yet that could tell them
 * apart, and an answer that the other page cannot read has still done its work.
 */
import { MatineeError } from '../../platform/errors.ts';

/** Throws forbidden for a write from elsewhere. What comes from no browser at all is not its business. */
export function refuseForeignWrite(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD' || !isForeign(request.headers)) return;
  throw new MatineeError('forbidden', 'writes from pages of other sites are not accepted');
}

/**
 * Browsers say where a request comes from by Fetch Metadata (W3C), but only to addresses that they trust: those with
 * TLS and this machine's own. To any other they send Origin, which must then name the host that was asked.
 */
function isForeign(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const origin = headers.get('origin');
  if (origin === null) return false;
  const host = URL.canParse(origin) ? new URL(origin).host : '';
  // A proxy in front may have put its own name for this host into Host; no page can set the other header unasked.
  const asked = [headers.get('host'), headers.get('x-forwarded-host')].map((name) => name?.toLowerCase());
  return host === '' || !asked.includes(host);
}
