/**
 * Where the other shards of an edge ask this one. It answers as to viewers, but what it answers is counted apart: the
 * shard that a viewer is connected to counts the request.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { EdgeLimits, ShardConfig } from '../config.ts';
import { Connection, type ConnectionDeps } from '../connection.ts';
import { type Listener, openListener } from '../listener.ts';
import { Responder, type ResponderDeps } from '../responder.ts';
import { EdgeStatistics } from '../statistics.ts';
import type { FileTier } from './shard-files.ts';

export function openInnerListener(
  answering: ResponderDeps & { files: FileTier; doneSeq(): number },
  { index, sockets, secret }: ShardConfig,
  connections: ConnectionDeps,
  clock: Clock,
  limits: EdgeLimits,
): Promise<Listener> {
  const { memory, files, coarse, doneSeq } = answering;
  const statistics = new EdgeStatistics(clock.now());
  const touched = (name: string) => {
    memory.get(name);
    files.touch(name);
  };
  const responder = new Responder({
    ...answering,
    shieldSecret: secret,
    statistics,
    touched,
    isBehind: (seq) => seq > doneSeq(),
  });
  const inner = { ...connections, responder, statistics, telemetry: undefined };
  const options = { ...limits, host: '', port: 0, path: sockets[index] };
  return openListener(clock, coarse, options, (socket) => new Connection(socket, inner));
}
