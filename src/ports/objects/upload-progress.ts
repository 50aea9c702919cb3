/**
 * Counts what open uploads have received, and says, at most once a second and upload, that it is worth telling. What
 * came too soon after the last telling is told when its second is over, so that a pause shows the true count.
 */
import type { Clock } from '../../platform/clock.ts';

const EVERY_MS = 1000;

export type PartProgress = {
  /** True when this is the moment to tell. */
  add(bytes: number): boolean;
  end(): void;
};

export type UploadProgress = {
  /** `replacedBytes` is the size of the stored part that is being sent again. */
  begin(uploadId: string, replacedBytes: number): PartProgress;
  /** Bytes of parts that are on their way, beyond those that are stored. */
  underWay(uploadId: string): number;
  isActive(uploadId: string): boolean;
  /** Milliseconds after which bytes not told yet should be; undefined when there are none, or somebody waits already. */
  rest(uploadId: string): number | undefined;
  /** The wait of `rest` is over: true when there is still something to tell. */
  tellRest(uploadId: string): boolean;
  forget(uploadId: string): void;
};

type Flow = {
  parts: Set<{ bytes: number; replacedBytes: number }>;
  toldAt: number;
  untold: boolean;
  waiting: boolean;
};

/** Memory is bounded by the uploads that are active now and one small entry for each told in the last second. */
export function createUploadProgress(clock: Clock): UploadProgress {
  const flows = new Map<string, Flow>();

  const flowOf = (uploadId: string): Flow => {
    let flow = flows.get(uploadId);
    if (!flow) {
      flow = { parts: new Set(), toldAt: Number.NEGATIVE_INFINITY, untold: false, waiting: false };
      flows.set(uploadId, flow);
    }
    return flow;
  };

  const dropIdle = () => {
    const now = clock.monotonic();
    for (const [id, flow] of flows) {
      if (flow.parts.size === 0 && !flow.waiting && now - flow.toldAt >= EVERY_MS) flows.delete(id);
    }
  };

  return {
    begin: (uploadId, replacedBytes) => {
      dropIdle();
      const flow = flowOf(uploadId);
      const part = { bytes: 0, replacedBytes };
      flow.parts.add(part);
      return {
        add: (bytes) => {
          part.bytes += bytes;
          const now = clock.monotonic();
          flow.untold = now - flow.toldAt < EVERY_MS;
          if (flow.untold) return false;
          flow.toldAt = now;
          return true;
        },
        end: () => void flow.parts.delete(part),
      };
    },
    underWay: (uploadId) => {
      let bytes = 0;
      for (const part of flows.get(uploadId)?.parts ?? []) {
        bytes += Math.max(0, part.bytes - part.replacedBytes);
      }
      return bytes;
    },
    isActive: (uploadId) => (flows.get(uploadId)?.parts.size ?? 0) > 0,
    rest: (uploadId) => {
      const flow = flows.get(uploadId);
      if (!flow?.untold || flow.waiting) return undefined;
      flow.waiting = true;
      return Math.max(0, EVERY_MS - (clock.monotonic() - flow.toldAt));
    },
    tellRest: (uploadId) => {
      const flow = flows.get(uploadId);
      if (!flow) return false;
      const { untold } = flow;
      Object.assign(flow, { waiting: false, untold: false });
      if (untold) flow.toldAt = clock.monotonic();
      return untold;
    },
    forget: (uploadId) => void flows.delete(uploadId),
  };
}
