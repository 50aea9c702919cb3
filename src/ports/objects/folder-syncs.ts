/** Makes renames durable. Calls that come while a folder is being synced share the next sync. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export type FolderSyncs = (folder: string) => Promise<void>;

type Turn = { running: Promise<void>; next?: Promise<void> };

export function createFolderSyncs(): FolderSyncs {
  const turns = new Map<string, Turn>();

  const begin = (folder: string): Promise<void> => {
    const turn: Turn = { running: syncFolder(folder) };
    turns.set(folder, turn);
    const over = () => {
      if (!turn.next && turns.get(folder) === turn) turns.delete(folder);
    };
    turn.running.then(over, over);
    return turn.running;
  };

  return (folder) => {
    const turn = turns.get(folder);
    if (!turn) return begin(folder);
    // The sync under way may have begun before the caller's rename; only the one after it is certain to hold it.
    turn.next ??= turn.running.then(
      () => begin(folder),
      () => begin(folder),
    );
    return turn.next;
  };
}

/** Makes a folder that survives loss of power, with those above it that did not exist. */
export async function makeDurableFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === dirname(first) || folder === dirname(folder)) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
