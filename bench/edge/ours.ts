/** Our edge as a server of the benchmark. */
import { EDGE_ENVIRONMENT } from '../../src/services/edge/process-environment.ts';
import { PREFIX } from './object-names.ts';
import type { OurEdgeReady } from './our-edge.ts';
import { nextMessage, startProgram } from './processes.ts';
import type { BenchServer, ServerSetup } from './server.ts';

const READY_MS = 15_000;

export async function openOurs(setup: ServerSetup): Promise<BenchServer> {
  const started = startProgram(new URL('./our-edge.ts', import.meta.url), setup, 'server', EDGE_ENVIRONMENT);
  const { url, tlsUrl, token } = await nextMessage<OurEdgeReady>(started, READY_MS);
  return {
    ...{ name: 'ours', version: `Node ${process.versions.node}`, pid: started.pid, child: started.child },
    url: (door, object) => {
      const base = door === 'tls' ? tlsUrl : url;
      return base ? `${base}/${token}/${PREFIX}${object}` : { missing: 'the edge has no TLS yet' };
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
