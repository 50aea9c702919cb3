/**
 * The verifier against signatures that openssl made as Amazon's guide shows it ("Create a signature for a signed
 * cookie"): nothing of ours takes part in signing.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SignatureVerifier } from './cloudfront-signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'matinee-openssl-'));
after(() => rmSync(folder, { recursive: true }));

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', timeout: 20_000 });
}

function missing(): string | false {
  try {
    openssl('version');
    return false;
  } catch {
    // Only a comparison is lost.
    return 'the openssl command is not installed';
  }
}

/** The pipeline of the guide: `openssl dgst -sign | openssl base64 | tr '+=/' '-_~'`. */
function encoded(file: string): string {
  openssl('base64', '-A', '-in', file, '-out', `${file}.b64`);
  const replaced: Record<string, string> = { '+': '-', '=': '_', '/': '~' };
  return readFileSync(join(folder, `${file}.b64`), 'latin1').replace(
    /[+=/]/g,
    (char) => replaced[char] ?? char,
  );
}

const KEYS = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
};

test('URLs and cookies that openssl signed are taken', { skip: missing() }, () => {
  const url = 'https://d111111abcdef8.cloudfront.net/image.jpg?color=red&size=medium';
  const condition = '"Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}';
  const canned = `{"Statement":[{"Resource":"${url}",${condition}}]}`;
  const custom = `{\n  "Statement": [{\n    "Resource": "http*://d111111abcdef8.cloudfront.net/*",\n    ${condition}\n  }]\n}\n`;
  const verifier = new SignatureVerifier({ cacheMax: 0 });
  for (const [name, options] of Object.entries(KEYS)) {
    openssl('genpkey', ...options, '-out', 'private.pem');
    openssl('pkey', '-in', 'private.pem', '-pubout', '-out', 'public.pem');
    verifier.setKeys([{ id: 'K1', publicKeyPem: readFileSync(join(folder, 'public.pem'), 'utf8') }]);
    for (const hash of ['SHA1', 'SHA256']) {
      const signatureOf = (policy: string) => {
        writeFileSync(join(folder, 'policy'), policy);
        openssl('dgst', `-${hash.toLowerCase()}`, '-sign', 'private.pem', '-out', 'signature', 'policy');
        return encoded('signature');
      };
      const check = (asked: string, cookie: string) =>
        verifier.check({ url: asked, cookie, clientAddress: '192.0.2.1', nowMs: 1_767_290_399_000 });
      const good = { ok: true, url, expiresMs: 1_767_290_400_000, keyId: 'K1' };
      const tail = `&Key-Pair-Id=K1&Hash-Algorithm=${hash}`;
      const signature = signatureOf(canned);
      assert.deepEqual(
        check(`${url}&Expires=1767290400&Signature=${signature}${tail}`, ''),
        good,
        name + hash,
      );
      const cookie = [
        `CloudFront-Signature=${signatureOf(custom)}`,
        `CloudFront-Policy=${encoded('policy')}`,
        'CloudFront-Key-Pair-Id=K1',
        `CloudFront-Hash-Algorithm=${hash}`,
      ];
      assert.deepEqual(check(url, cookie.join('; ')), good, name + hash);
      assert.equal(check(url.replace('net', 'com'), cookie.join('; ')).ok, false);
    }
  }
});
