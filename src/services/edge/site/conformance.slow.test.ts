/** Holds an edge in front of a site to the conformance suite: every case that states a MUST passes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { site } from '../../../contracts/sites.ts';
import { openTestEdge } from '../edge.testing.ts';

const program = fileURLToPath(new URL('../../../../test/conformance/against.ts', import.meta.url));
/** Below these counts of what is right but not required, something has been lost. */
const OPTIMAL_MIN = 102;

type Case = { id: string; kind: string; verdict: string; fault?: unknown };

test('every required case of HTTP caching holds', async () => {
  const port = await freePort();
  await using kit = await openTestEdge({
    sites: [
      site.parse({
        name: 'conformance',
        hosts: ['127.0.0.1'],
        origins: [{ name: 'suite', links: [`http://127.0.0.1:${port}`] }],
        behaviors: [{ origins: ['suite'], forward: { named: ['authorization', 'cookie'] } }],
      }),
    ],
  });
  const args = [program, `--cache=http://127.0.0.1:${kit.port}`, `--origin-port=${port}`, '--json'];
  const report = await new Promise<string>((resolve, reject) => {
    const options = { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...args],
      options,
      (error, stdout, stderr) => {
        // It ends with 1 when a case fails, and says which.
        if (stdout.trimStart().startsWith('{')) resolve(stdout);
        else reject(new Error(`the suite did not run: ${stderr}`, { cause: error }));
      },
    );
  });
  const { cases } = JSON.parse(report) as { cases: Case[] };
  const unmet = cases.filter(({ kind, verdict }) => /^(required|further)$/.test(kind) && verdict !== 'pass');
  assert.deepEqual(unmet, []);
  assert.equal(cases.filter(({ kind }) => kind === 'required').length, 160);
  const optimal = cases.filter(({ kind, verdict }) => kind === 'optimal' && verdict === 'pass');
  assert.ok(optimal.length >= OPTIMAL_MIN, `${optimal.length} optimal cases pass`);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
