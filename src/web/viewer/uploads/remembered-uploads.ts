/**
 * Uploads that were begun here and not ended, kept in the browser's storage so that the same file, chosen again
 * after a closed tab or a crash, sends only what is missing.
 */
import { z } from 'zod';

export type FileMark = { name: string; size: number; lastModified: number };

const remembered = z.object({
  uploadId: z.string(),
  titleId: z.string(),
  name: z.string(),
  size: z.number(),
  lastModified: z.number(),
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
});
export type RememberedUpload = z.infer<typeof remembered>;

export type RememberedUploads = {
  all(): RememberedUpload[];
  find(file: FileMark): RememberedUpload | undefined;
  keep(upload: RememberedUpload): void;
  forget(uploadId: string): void;
};

const KEY = 'matinee.uploads';
const COUNT_MAX = 30;
const AGE_MAX_MS = 7 * 24 * 3600 * 1000;

/** Name, size and time of last change: all that a browser tells of a file before reading it. */
export function fingerprint({ name, size, lastModified }: FileMark): string {
  return `${size}/${lastModified}/${name}`;
}

export function createRememberedUploads(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  now: () => number,
): RememberedUploads {
  const all = () => {
    try {
      const stored = z.array(remembered).safeParse(JSON.parse(storage.getItem(KEY) ?? '[]'));
      return stored.success ? stored.data.filter(({ at }) => now() - at < AGE_MAX_MS) : [];
    } catch {
      // Storage that is switched off, or text that is not ours: nothing is remembered.
      return [];
    }
  };
  const write = (uploads: RememberedUpload[]) => {
    try {
      storage.setItem(KEY, JSON.stringify(uploads.slice(-COUNT_MAX)));
    } catch {
      // Without storage an upload still works; it cannot be taken up in another tab, that is all.
    }
  };
  return {
    all,
    find: (file) => all().find((upload) => fingerprint(upload) === fingerprint(file)),
    keep: (upload) =>
      write([
        ...all().filter(
          (other) => other.uploadId !== upload.uploadId && fingerprint(other) !== fingerprint(upload),
        ),
        upload,
      ]),
    forget: (uploadId) => write(all().filter((upload) => upload.uploadId !== uploadId)),
  };
}
