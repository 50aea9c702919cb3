/**
 * Encoded files that a package found damaged or gone are made again: what made them is queued anew, the package waits
 * for it, and no later version is given the damaged file.
 */
import { forgetResult } from './reuse.ts';
import { updateTask } from './rows.ts';
import { inputTasks } from './spec-urls.ts';
import type { TaskRow, Tx } from './tables.ts';

/** Resolves to how many are made again. `bad`: places in the list of inputs, from zero. */
export async function remakeInputs(tx: Tx, task: TaskRow, bad: readonly number[]): Promise<number> {
  if (task.kind !== 'package' || bad.length === 0) return 0;
  const inputs = await inputTasks(tx, task);
  const damaged = inputs.filter((input, at) => bad.includes(at) && input.state === 'done');
  for (const input of damaged) {
    await forgetResult(tx, input);
    await updateTask(tx, input.id, { state: 'queued', progress: 0, result: null, prefix: null });
  }
  return damaged.length;
}
