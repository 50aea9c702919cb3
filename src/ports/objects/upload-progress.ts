/** Counts what open uploads have received, and says, at most once a second and upload, that it is worth telling. */
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
  forget(uploadId: string): void;
};

type Flow = { parts: Set<{ bytes: number; replacedBytes: number }>; toldAt: number };

/** Memory is bounded by the uploads that are active now and one small entry for each told in the last second. */
export function createUploadProgress(clock: Clock): UploadProgress {
  const flows = new Map<string, Flow>();

  const flowOf = (uploadId: string): Flow => {
    let flow = flows.get(uploadId);
    if (!flow) {
      flow = { parts: new Set(), toldAt: Number.NEGATIVE_INFINITY };
      flows.set(uploadId, flow);
    }
    return flow;
  };

  const dropIdle = () => {
    const now = clock.monotonic();
    for (const [id, flow] of flows) {
      if (flow.parts.size === 0 && now - flow.toldAt >= EVERY_MS) flows.delete(id);
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
          if (now - flow.toldAt < EVERY_MS) return false;
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
    forget: (uploadId) => void flows.delete(uploadId),
  };
}
