/** Makes renames durable. Calls that come while a folder is being synced share the next sync. */
import { open } from 'node:fs/promises';

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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
