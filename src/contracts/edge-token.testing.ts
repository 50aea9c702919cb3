/**
 * One edge token, letter by letter. Playback must mint exactly this and the edge must take it, so that neither can
 * change the format alone. The key pair is that of RFC 8032, section 7.1, test 1.
 */
export const TOKEN_EXAMPLE = {
  /** Of the private key, in hexadecimal. */
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  keyId: 'k688',
  prefix: 'titles/01jd0000000000000000000000/',
  session: '01je0000000000000000000000',
  expiresS: 1_800_000_000,
  token:
    'WzEsIms2ODgiLCJ0aXRsZXMvMDFqZDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAvIiwiMDFqZTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiLDE4MDAwMDAwMDBd' +
    '.JromelFB7HqfmF0rfk5v7Hput_xjToy-jcubn5RMDH8rLAQzFvPRf6X-vruEZgWHcJiwWkw_-Q5WS8D9jN1GBw',
} as const;
