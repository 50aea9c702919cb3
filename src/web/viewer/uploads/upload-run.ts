/**
 * Sends one file from wherever it stands to its end. A first start, a resume after a pause, a reload or a
 * failure are all the same run: ask what the store has, send the rest in three lanes, join. Knows no page.
 */
import { callEndpoint, type Transport } from '../../../contracts/call.ts';
import { getTitle } from '../../../contracts/titles.ts';
import {
  completeUpload,
  getUpload,
  signParts,
  startUpload,
  type Upload,
} from '../../../contracts/uploads.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import type { Timing } from '../../ui/timing.ts';
import { heldBytes, missingParts, type Part } from './part-plan.ts';
import { persist } from './patience.ts';
import type { RememberedUploads } from './remembered-uploads.ts';
import { PartFailure, type SendPart } from './send-part.ts';

/** A file as the browser gives it. */
export type SourceFile = Pick<File, 'name' | 'size' | 'type' | 'lastModified' | 'slice'>;

export type UploadDeps = {
  transport: Transport;
  sendPart: SendPart;
  remembered: RememberedUploads;
  timing: Timing;
  /** Milliseconds since the Unix epoch. */
  wallClock: () => number;
  random: () => number;
};

export type RunListener = {
  onOpened(upload: Upload): void;
  /** Bytes acknowledged plus bytes under way. */
  onSent(bytes: number): void;
  /** Why nothing moves for the moment. */
  onWait(error: unknown): void;
  onFinishing(): void;
};

/** The file cannot be read any more: moved, changed, or its disk is gone. */
export class FileUnreadable extends Error {
  override readonly name = 'FileUnreadable';
}

const LANES = 3;
const SIGN_AHEAD = 10;
/** URLs are good for an hour; they are not used to the last minute. */
const URL_AGE_MAX_MS = 45 * 60_000;
/** How often joining may find a part missing before it is taken for hopeless. */
const ROUNDS_MAX = 3;

/** Resolves with the title once the store has the whole film. */
export async function runUpload(
  file: SourceFile,
  deps: UploadDeps,
  listener: RunListener,
  signal: AbortSignal,
): Promise<string> {
  const patient = <T>(work: () => Promise<T>) =>
    persist(work, { timing: deps.timing, random: deps.random, signal, onWait: listener.onWait });
  for (let round = 1; ; round++) {
    const upload = await patient(() => openUpload(file, deps, signal));
    listener.onOpened(upload);
    try {
      await sendParts(file, upload, deps, listener, signal);
      listener.onFinishing();
      const title = await patient(() => joinParts(upload, deps, signal));
      deps.remembered.forget(upload.id);
      return title;
    } catch (error) {
      // An upload that was taken away is not begun anew by itself: somebody may have meant it.
      if (isGone(error)) deps.remembered.forget(upload.id);
      if (!isMatineeError(error, 'invalid_part') || round >= ROUNDS_MAX) throw error;
    }
  }
}

/** The server no longer has the upload. */
export function isGone(error: unknown): boolean {
  return isMatineeError(error, 'not_found') || (error instanceof PartFailure && error.kind === 'gone');
}

/** The remembered upload of this file while the server still has it, or a new one. */
async function openUpload(file: SourceFile, deps: UploadDeps, signal: AbortSignal): Promise<Upload> {
  const { transport, remembered } = deps;
  const known = remembered.find(file);
  if (known) {
    try {
      return await callEndpoint(transport, getUpload, { params: { id: known.uploadId } }, signal);
    } catch (error) {
      if (!isMatineeError(error, 'not_found')) throw error;
      remembered.forget(known.uploadId);
    }
  }
  const body = { name: file.name, size: file.size, ...(file.type ? { type: file.type } : {}) };
  // Not by the signal: an upload that was opened must be known here, or nobody could give it up at the server.
  const upload = await callEndpoint(transport, startUpload, { body });
  const { name, size, lastModified } = file;
  remembered.keep({
    uploadId: upload.id,
    titleId: upload.title,
    name,
    size,
    lastModified,
    at: deps.wallClock(),
  });
  return upload;
}

async function sendParts(
  file: SourceFile,
  upload: Upload,
  deps: UploadDeps,
  listener: RunListener,
  signal: AbortSignal,
): Promise<void> {
  const missing = missingParts(upload);
  const queue = [...missing];
  const broken = new AbortController();
  const either = AbortSignal.any([signal, broken.signal]);
  const urlOf = createUrlBook(upload, missing, deps, either);
  let held = heldBytes(upload);
  const underWay = new Map<number, number>();
  const tell = () => listener.onSent([...underWay.values()].reduce((sum, bytes) => sum + bytes, held));

  const sendOne = async (part: Part) => {
    try {
      const body = file.slice(part.from, part.to);
      const onSent = (bytes: number) => {
        underWay.set(part.partNumber, bytes);
        tell();
      };
      await deps.sendPart(await urlOf(part), body, { signal: either, onSent });
      held += body.size;
    } catch (error) {
      if (error instanceof PartFailure && error.kind === 'expired') urlOf.drop(part);
      if (error instanceof PartFailure && error.kind === 'connection') await assertReadable(file, part);
      throw error;
    } finally {
      underWay.delete(part.partNumber);
      tell();
    }
  };
  const patience = { timing: deps.timing, random: deps.random, signal: either, onWait: listener.onWait };
  const lane = async () => {
    for (let part = queue.shift(); part; part = queue.shift()) {
      const next = part;
      await persist(() => sendOne(next), patience);
    }
  };
  tell();
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((error: unknown) => {
      // The first lane that gives up stops the others; theirs is then the same reason.
      broken.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(lanes);
  signal.throwIfAborted();
  broken.signal.throwIfAborted();
}

type UrlBook = { (part: Part): Promise<string>; drop(part: Part): void };

/** Signs URLs for the parts that come next, a few at a time, so that none is old when its turn comes. */
function createUrlBook(
  upload: Upload,
  missing: readonly Part[],
  deps: UploadDeps,
  signal: AbortSignal,
): UrlBook {
  const urls = new Map<number, { url: string; at: number }>();
  let signing: Promise<unknown> = Promise.resolve();
  const fresh = (partNumber: number) => {
    const entry = urls.get(partNumber);
    return entry && deps.timing.now() - entry.at < URL_AGE_MAX_MS ? entry.url : undefined;
  };
  const sign = async (partNumber: number) => {
    const known = fresh(partNumber);
    if (known) return known;
    const from = missing.findIndex((part) => part.partNumber === partNumber);
    const ahead = missing.slice(from, from + SIGN_AHEAD).map((part) => part.partNumber);
    const partNumbers = ahead.filter((number) => !fresh(number));
    const call = { params: { id: upload.id }, body: { partNumbers } };
    const reply = await callEndpoint(deps.transport, signParts, call, signal);
    for (const part of reply.parts) urls.set(part.partNumber, { url: part.url, at: deps.timing.now() });
    const url = fresh(partNumber);
    if (!url) throw new PartFailure('busy', 'the server signed other parts than it was asked for');
    return url;
  };
  const book = ({ partNumber }: Part): Promise<string> => {
    // One after the other, so that the lanes do not ask for the same URLs.
    const mine = signing.then(() => sign(partNumber));
    signing = mine.catch(() => undefined);
    return mine;
  };
  return Object.assign(book, { drop: ({ partNumber }: Part) => void urls.delete(partNumber) });
}

/** A file that has changed fails like a broken connection; reading a byte of it tells the two apart. */
async function assertReadable(file: SourceFile, part: Part): Promise<void> {
  try {
    await file.slice(part.from, Math.min(part.to, part.from + 1)).arrayBuffer();
  } catch (cause) {
    throw new FileUnreadable('the file cannot be read any more', { cause });
  }
}

/** Joining twice is fine: when the first reply was lost, the title tells that the upload is behind it. */
async function joinParts(upload: Upload, deps: UploadDeps, signal: AbortSignal): Promise<string> {
  try {
    const call = { params: { id: upload.id }, body: {} };
    return (await callEndpoint(deps.transport, completeUpload, call, signal)).title;
  } catch (error) {
    if (!isMatineeError(error, 'not_found') && !isMatineeError(error, 'conflict')) throw error;
    const title = await callEndpoint(deps.transport, getTitle, { params: { id: upload.title } }, signal);
    if (title.state === 'uploading') throw error;
    return title.id;
  }
}
