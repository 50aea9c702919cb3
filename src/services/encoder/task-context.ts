/** What every task function gets from the worker besides its spec. Types only. */
import type { QualityMetric } from '../../contracts/analysis.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Outputs } from './outputs.ts';
import type { SpeechModel } from './speech-model.ts';

export type Programs = {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly packager: string;
  /** Where an operator named one. */
  readonly speech?: SpeechModel;
  /** How this ffmpeg can measure the quality of pictures. */
  readonly metric?: QualityMetric;
  /**
   * Command that runs another so that it dies with this process, even when that is killed with -9 and cannot clean
   * up. Empty or absent where the system has none.
   */
  readonly tether?: readonly string[];
};

export type TaskContext = {
  readonly programs: Programs;
  /** Threads that decoders, filters and encoders may use. */
  readonly threads: number;
  /** Of the programs that are run; default: that of long encodes. */
  readonly niceness?: number;
  /** What each program may hold. */
  readonly memoryBytesMax?: number | undefined;
  /** The task's own folder, removed when the task ends. */
  readonly folder: string;
  readonly outputs: Outputs;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the lease is lost or the worker stops; every program is killed then. */
  readonly signal: AbortSignal;
  /** Tells how much is done, 0 to 1, and at how many frames a second. */
  progress(done: number, fps?: number): void;
};
