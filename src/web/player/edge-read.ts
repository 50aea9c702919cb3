/** Reads a small JSON file of the film that the engine does not ask for, from the best edge that answers. */
import type { EdgePool } from './edge-pool.ts';
import type { MediaAddress } from './media-address.ts';

const LIMIT_MS = 3000;

export async function readFromEdges(pool: EdgePool, address: MediaAddress, key: string): Promise<unknown> {
  const [edge] = pool.order();
  if (!edge) throw new Error('no edge is known');
  const response = await fetch(address.at(edge.url, key), {
    cache: 'no-store',
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch((error: unknown) => {
    pool.failed(edge.name);
    throw error;
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}
