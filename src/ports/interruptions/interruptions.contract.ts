/** What every adapter of the `interruptions` port must do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Interruptions } from './interruptions.ts';

export type InterruptionsSubject = AsyncDisposable & {
  port: Interruptions;
  give(atMs: number): Promise<void>;
  takeBack(): Promise<void>;
  /** Makes it impossible to tell, or undefined where that cannot be brought about. */
  breakIt?(): Promise<void>;
};

export function interruptionsContract(name: string, open: () => Promise<InterruptionsSubject>): void {
  describe(`interruptions: ${name}`, () => {
    const { signal } = new AbortController();
    const atMs = Date.parse('2026-03-01T12:00:00Z');

    test('a notice stands until it is taken back, always with the same time', async () => {
      await using subject = await open();
      assert.equal(await subject.port.look(signal), undefined);
      await subject.give(atMs);
      assert.deepEqual(await subject.port.look(signal), { atMs });
      assert.deepEqual(await subject.port.look(signal), { atMs });
      await subject.takeBack();
      assert.equal(await subject.port.look(signal), undefined);
    });

    test('it rejects when it cannot tell', async (t) => {
      await using subject = await open();
      if (!subject.breakIt) return t.skip('a file can always be read or is not there');
      await subject.breakIt();
      await assert.rejects(subject.port.look(signal));
    });
  });
}
