import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openDiskObjects } from './embedded.ts';
import { objectsContract } from './objects.contract.ts';

const folders: string[] = [];

objectsContract('disk objects', {
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'matinee-objects-'));
    folders.push(folder);
    const store = await openDiskObjects({ folder, clock: systemClock, log: silentLog });
    return { store, events: store.events };
  },
  close: async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  },
  lacks: { presign: 'the disk store has no address of its own; the door in front of it tests signed URLs' },
});
