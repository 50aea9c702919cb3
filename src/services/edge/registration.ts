/**
 * Tells steering that this edge is there, how busy it is and whether it is ready, and takes the token keys that
 * come back. While steering is away the last keys stay good.
 */
import type { SteeringClient } from '../../clients/steering.ts';
import type { TokenKeys } from '../../contracts/edges.ts';
import type { FilledParts, StreamedTitles } from '../../contracts/fill.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { ShardPlace } from './shards/ownership.ts';
import type { EdgeRates } from './statistics.ts';

export type RegistrationDeps = { steering: SteeringClient; clock: Clock; log: Log };

export type RegistrationOptions = {
  name: string;
  /** Asked for with each heartbeat. */
  url(): string;
  region: string;
  memoryBytes: number;
  diskBytes: number;
  /** Which of the processes of this edge it is, when there are several. */
  shard?: ShardPlace | undefined;
  /** How long one heartbeat may take. */
  heartbeatMs: number;
  isReady(): boolean;
  takeRates(): EdgeRates;
  takeStreamed(): StreamedTitles;
  filled(): FilledParts;
  takeKeys(keys: TokenKeys, manifestKeys: TokenKeys): void;
};

/** Bounds of what steering asks for, so that no reply can silence this edge or make it a flood. */
const EVERY_MS = { min: 100, usual: 2000, max: 5000 } as const;

export class Registration {
  readonly #deps: RegistrationDeps;
  readonly #options: RegistrationOptions;
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isKnown = false;
  #isHeard = true;

  constructor(deps: RegistrationDeps, options: RegistrationOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** True once steering has answered. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Says once that it is there and takes the keys; does without when steering does not answer in time. */
  async introduce(): Promise<void> {
    await this.#beat(false).catch((error: Error) =>
      this.#deps.log.warn('steering does not hear this edge', { why: error.message }),
    );
  }

  /** Ends the heartbeats and says good-bye, so that no new viewer is sent here. */
  async leave(): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.#beat(true).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const wasReady = this.#options.isReady();
      let waitMs: number = EVERY_MS.usual;
      try {
        waitMs = Math.min(EVERY_MS.max, Math.max(EVERY_MS.min, await this.#beat(false)));
        if (!this.#isHeard) log.info('steering is back');
        this.#isHeard = true;
      } catch (error) {
        if (signal.aborted) return;
        if (this.#isHeard) log.warn('steering does not hear this edge', { why: (error as Error).message });
        this.#isHeard = false;
      }
      // Viewers can be sent here from now on: that is worth telling at once.
      if (!wasReady && this.#options.isReady()) continue;
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Resolves with the wait that steering wishes for. */
  async #beat(draining: boolean): Promise<number> {
    const { name, url, region, memoryBytes, diskBytes, shard, heartbeatMs } = this.#options;
    const { isReady, takeRates, takeStreamed, filled, takeKeys } = this.#options;
    const limit = AbortSignal.timeout(heartbeatMs);
    const signal = draining ? limit : AbortSignal.any([limit, this.#end.signal]);
    const streamed = takeStreamed();
    const body = {
      ...{ url: url(), region, memoryBytes, diskBytes },
      ...(shard ? { shard } : {}),
      ready: isReady() && !draining,
      draining,
      ...takeRates(),
      streamed,
      filled: filled(),
    };
    const {
      tokenKeys,
      manifestKeys = [],
      heartbeatMs: wishMs,
    } = await this.#deps.steering.registerEdge({ params: { name }, body }, signal);
    takeKeys(tokenKeys, manifestKeys);
    this.#isKnown = true;
    return wishMs;
  }
}
