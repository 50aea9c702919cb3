import { after, before, test } from 'node:test';
import { assertTaken, FEW } from './masters.testing.ts';
import { type FakeStudio, openFakeStudio } from './services/encoder/fake-studio.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;
before(async () => {
  studio = await openFakeStudio();
  stop = await studio.startWorker();
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

for (const row of FEW) {
  test(`${row.name} is inspected, planned and encoded`, () => assertTaken(studio, row));
}
