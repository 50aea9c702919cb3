/**
 * Takes what opens something out of addresses before they are written down: edge tokens, signatures, passwords.
 * It judges by form and name and not by whether a token is good, since one that is refused here may open another
 * edge. Pure.
 */

/** The signature of an edge token alone has 86 characters; a segment that long is not worth the risk. */
const SEGMENT_CHARS_MAX = 80;
const TOKEN = /[A-Za-z0-9_-]{8,}(?:\.|%2[eE])[A-Za-z0-9_-]{86}/g;
/** Parameters of signed addresses: CloudFront's, those of SigV4 in queries, and names that others give theirs. */
const SECRET_NAME =
  /^(?:policy|signature|key-pair-id|key|x-amz-(?:signature|credential)|hdn[et]s?)$|token|secret|passw|api_?key|auth|jwt|session|code$|sig$|sign$/i;

export const HIDDEN = '-';

/** A path, each segment that may be a token replaced. */
export function redactPath(path: string): string {
  // Most often only the first segment is long, and one look tells.
  if (path.length <= SEGMENT_CHARS_MAX) return path;
  const second = path.indexOf('/', 1);
  if (second > SEGMENT_CHARS_MAX + 1 && path.length - second <= SEGMENT_CHARS_MAX && path.startsWith('/')) {
    return `/${HIDDEN}${path.slice(second)}`;
  }
  let clean = '';
  for (let start = 0; start <= path.length; ) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    clean += end - start > SEGMENT_CHARS_MAX ? HIDDEN : path.slice(start, end);
    if (slash >= 0) clean += '/';
    start = end + 1;
  }
  return clean;
}

/** A query without its question mark, each parameter that may open something replaced. */
export function redactQuery(query: string): string {
  if (query === '') return '';
  const clean = query.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 0) return pair.replace(TOKEN, HIDDEN);
    const name = pair.slice(0, equals);
    return SECRET_NAME.test(decoded(name))
      ? `${name}=${HIDDEN}`
      : `${name}=${pair.slice(equals + 1).replace(TOKEN, HIDDEN)}`;
  });
  return clean.join('&');
}

/** Where a viewer came from: without query, fragment and user. */
export function redactReferer(referer: string): string {
  const bare = referer.replace(/[?#].*$/s, '').replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/]*@/, '$1');
  return redactPath(bare);
}

/** A relative address that a player named, as CMCD's `nor` is. */
export function redactAddress(address: string): string {
  const query = address.indexOf('?');
  if (query < 0) return redactPath(address);
  return `${redactPath(address.slice(0, query))}?${redactQuery(address.slice(query + 1))}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // Not UTF-8, so not a name that anybody gives a secret.
    return name;
  }
}
