/**
 * All uploads of this tab: one file at a time in the order in which they came, since the first film plays soonest
 * when it has the whole line. Also lists what an earlier visit left unfinished. Headless: pages subscribe to it.
 */
import { callEndpoint } from '../../../contracts/call.ts';
import { abortUpload, getUpload } from '../../../contracts/uploads.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { heldBytes } from './part-plan.ts';
import { createRateMeter, type RateMeter } from './rate-meter.ts';
import { fingerprint } from './remembered-uploads.ts';
import { runUpload, type SourceFile, type UploadDeps } from './upload-run.ts';
import { failureWords, waitingWords } from './upload-words.ts';

/**
 * queued: its turn has not come. sending. waiting: tries again by itself. paused. finishing: being joined. done.
 * failed: `words` say why. interrupted: left by an earlier visit; goes on when the file is chosen again.
 */
export type UploadPhase =
  | 'queued'
  | 'sending'
  | 'waiting'
  | 'paused'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'interrupted';

export type UploadView = {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly phase: UploadPhase;
  readonly bytesPerS: number | null;
  readonly etaS: number | null;
  readonly titleId: string | null;
  readonly words: string | null;
};

type Job = {
  view: UploadView;
  file: SourceFile | null;
  uploadId: string | null;
  meter: RateMeter;
  stop: AbortController | null;
  /** Settles when the run has ended; it never rejects. */
  ended: Promise<void>;
};

export type UploadList = {
  subscribe(listener: () => void): () => void;
  views(): readonly UploadView[];
  /** Takes files in; one that was begun before goes on where it was. Gives back why some were not taken. */
  add(files: Iterable<SourceFile>): string[];
  pause(key: string): void;
  resume(key: string): void;
  /** Gives an upload up, here and on the server; takes ended ones off the list. */
  remove(key: string): Promise<void>;
  /** Gives up what is being sent for a title that is being deleted. */
  removeTitle(titleId: string): Promise<void>;
  /** Lists what earlier visits left, after asking the server what it still has. */
  recall(signal: AbortSignal): Promise<void>;
};

const TELL_MS = 200;
/** How long an upload that went well stays on the list; its film is on the wall from then on. */
export const DONE_SHOWN_MS = 10_000;

export function createUploadList(deps: UploadDeps): UploadList {
  const jobs = new Map<string, Job>();
  const listeners = new Set<() => void>();
  let views: readonly UploadView[] = [];
  let toldAt = Number.NEGATIVE_INFINITY;

  const tell = () => {
    toldAt = deps.timing.now();
    views = [...jobs.values()].map(({ view }) => view);
    for (const listener of listeners) listener();
  };
  const change = (job: Job, fields: Partial<UploadView>) => {
    job.view = { ...job.view, ...fields };
    // Bytes come many times a second; only changes of phase are worth telling at once.
    if ('phase' in fields || deps.timing.now() - toldAt >= TELL_MS) tell();
  };
  const startNext = () => {
    if ([...jobs.values()].some(({ stop }) => stop !== null)) return;
    const next = [...jobs.values()].find(({ view }) => view.phase === 'queued');
    if (next?.file) next.ended = run(next, next.file);
  };
  const run = async (job: Job, file: SourceFile) => {
    const stop = new AbortController();
    job.stop = stop;
    job.meter.reset();
    change(job, { phase: 'sending', words: null, bytesPerS: null, etaS: null });
    try {
      const titleId = await runUpload(file, deps, listenerOf(job), stop.signal);
      change(job, { phase: 'done', sent: job.view.size, titleId, etaS: null, words: null });
      void clearAway(job);
    } catch (error) {
      const still = { bytesPerS: null, etaS: null };
      if (stop.signal.aborted) change(job, { phase: 'paused', words: null, ...still });
      else change(job, { phase: 'failed', words: failureWords(error), ...still });
    }
    job.stop = null;
    startNext();
  };
  const clearAway = async (job: Job) => {
    await deps.timing.sleep(DONE_SHOWN_MS, new AbortController().signal);
    if (jobs.get(job.view.key) !== job) return;
    jobs.delete(job.view.key);
    tell();
  };
  const listenerOf = (job: Job) => ({
    onOpened: (upload: { id: string; title: string }) => {
      job.uploadId = upload.id;
      change(job, { titleId: upload.title });
    },
    onSent: (sent: number) => {
      job.meter.record(sent);
      const bytesPerS = job.meter.rate();
      const etaS = bytesPerS ? (job.view.size - sent) / bytesPerS : null;
      const moved = sent > job.view.sent && job.view.phase === 'waiting';
      const fields = { sent, bytesPerS, etaS };
      change(job, moved ? { ...fields, phase: 'sending', words: null } : fields);
    },
    onWait: (error: unknown) => {
      if (!job.stop?.signal.aborted)
        change(job, { phase: 'waiting', words: waitingWords(error), etaS: null });
    },
    onFinishing: () => change(job, { phase: 'finishing', words: null, etaS: null }),
  });
  const find = (key: string) => jobs.get(key);
  const remove = async (key: string) => {
    const job = jobs.get(key);
    if (!job) return;
    jobs.delete(key);
    job.stop?.abort(new Error('the upload was given up'));
    tell();
    await job.ended;
    const uploadId = job.uploadId ?? (job.file && deps.remembered.find(job.file)?.uploadId);
    if (!uploadId || job.view.phase === 'done') return;
    deps.remembered.forget(uploadId);
    // An upload that the server no longer knows, or cannot be told about now, is swept there by its age.
    await callEndpoint(deps.transport, abortUpload, { params: { id: uploadId } }).catch(() => undefined);
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    views: () => views,
    add(files) {
      const refusals: string[] = [];
      for (const file of files) {
        const key = fingerprint(file);
        const known = jobs.get(key);
        if (file.size === 0) refusals.push(`“${file.name}” is empty, or a folder.`);
        else if (known?.view.phase === 'done') refusals.push(`“${file.name}” has just been uploaded.`);
        else if (known?.stop || known?.view.phase === 'queued') continue;
        else jobs.set(key, known ? again(known, file) : newJob(key, file));
      }
      tell();
      startNext();
      return refusals;
    },
    pause(key) {
      const job = find(key);
      if (job?.view.phase === 'queued') change(job, { phase: 'paused' });
      else job?.stop?.abort(new Error('the upload was paused'));
    },
    resume(key) {
      const job = find(key);
      if (!job?.file || job.stop || !['paused', 'failed'].includes(job.view.phase)) return;
      change(job, { phase: 'queued', words: null });
      startNext();
    },
    remove,
    async removeTitle(titleId) {
      for (const [key, { view }] of [...jobs]) if (view.titleId === titleId) await remove(key);
    },
    async recall(signal) {
      for (const known of deps.remembered.all()) {
        try {
          const call = { params: { id: known.uploadId } };
          const upload = await callEndpoint(deps.transport, getUpload, call, signal);
          if (jobs.has(fingerprint(known))) continue;
          const job = newJob(fingerprint(known), { ...known, type: '' });
          const view = { ...job.view, sent: heldBytes(upload), phase: 'interrupted' as const };
          jobs.set(view.key, {
            ...job,
            file: null,
            uploadId: known.uploadId,
            view: { ...view, titleId: upload.title },
          });
          tell();
        } catch (error) {
          if (signal.aborted) return;
          if (isMatineeError(error, 'not_found')) deps.remembered.forget(known.uploadId);
        }
      }
    },
  };

  function newJob(key: string, file: Pick<SourceFile, 'name' | 'size'> & Partial<SourceFile>): Job {
    const { name, size } = file;
    const view: UploadView = {
      ...{ key, name, size, sent: 0, phase: 'queued' },
      ...{ bytesPerS: null, etaS: null, titleId: null, words: null },
    };
    const meter = createRateMeter(() => deps.timing.now());
    return {
      view,
      file: file.slice ? (file as SourceFile) : null,
      uploadId: null,
      meter,
      stop: null,
      ended: Promise.resolve(),
    };
  }

  function again(job: Job, file: SourceFile): Job {
    return { ...job, file, view: { ...job.view, phase: 'queued', words: null } };
  }
}

/** Whether leaving the page now would interrupt something. */
export function isUnderWay({ phase }: UploadView): boolean {
  return phase === 'queued' || phase === 'sending' || phase === 'waiting' || phase === 'finishing';
}
