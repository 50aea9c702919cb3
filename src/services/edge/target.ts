/** Splits a request target into token and object key. What could be read in two ways is refused. Pure. */
export type Target = { token: string; key: string };

const KEY_BYTES_MAX = 1024;

/** The path of a target, without query; an absolute URL is accepted as RFC 9112 section 3.2.2 asks. */
export function targetPath(target: string): string | undefined {
  let path = target;
  if (!path.startsWith('/')) {
    const match = /^https?:\/\/[^/?]+([/?].*)?$/i.exec(path);
    if (!match) return undefined;
    path = match[1] ?? '/';
    if (path.startsWith('?')) path = '/';
  }
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** Token and decoded key of `/<token>/<key>`; `undefined` when the path is malformed or climbs. */
export function readTarget(path: string): Target | undefined {
  const slash = path.indexOf('/', 1);
  if (slash < 0) return { token: path.slice(1), key: '' };
  const key = readKey(path.slice(slash + 1));
  return key === undefined ? undefined : { token: path.slice(1, slash), key };
}

/**
 * Decodes percent-escapes once. Refused are bytes that no URL holds unescaped (not every caller comes through the
 * HTTP/1.1 parser), bad escapes, encoded slashes, backslashes and control characters,
 * text that is not UTF-8, and segments that are empty, `.` or `..`.
 */
export function readKey(raw: string): string | undefined {
  if (/[^!-~]|%(?![0-9a-fA-F]{2})|%2f|%5c|%[01][0-9a-fA-F]|%7f|\\/i.test(raw)) return undefined;
  let key: string;
  try {
    key = decodeURIComponent(raw);
  } catch {
    // The escapes are not UTF-8, so they name no key.
    return undefined;
  }
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) return undefined;
  return key.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')
    ? undefined
    : key;
}
