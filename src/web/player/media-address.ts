/**
 * Where a file of the film is. A media URL is `<edge>/<token>/<key>`; the same key is at every edge, and the
 * token of the present play opens it, whatever edge and token the manifest was read with.
 */
export type MediaAddress = {
  /** Takes the token out of a manifest URL of the present play. */
  adopt(manifestUrl: string): void;
  /** The key that a media URL names. */
  key(url: string): string;
  /** The URL of a key at an edge, with the present token. */
  at(edgeUrl: string, key: string): string;
  token(): string;
};

export function createMediaAddress(): MediaAddress {
  let token = '';
  return {
    adopt: (manifestUrl) => {
      token = split(manifestUrl).token;
    },
    key: (url) => split(url).key,
    at: (edgeUrl, key) => `${edgeUrl.replace(/\/+$/, '')}/${token}/${key}`,
    token: () => token,
  };
}

function split(url: string): { token: string; key: string } {
  const { pathname, search } = new URL(url);
  const slash = pathname.indexOf('/', 1);
  return { token: pathname.slice(1, slash), key: pathname.slice(slash + 1) + search };
}
