import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Timing } from '../../ui/timing.ts';
import { createPoller } from './poller.ts';

/** Sleeps end only when the test says so, or by their signal. */
function handTiming() {
  const sleepers: Array<{ ms: number; end: () => void }> = [];
  const timing: Timing = {
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const sleeper = { ms, end: resolve };
        sleepers.push(sleeper);
        signal.addEventListener('abort', () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal.reason);
        });
      }),
  };
  return { timing, sleepers };
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

function setUp(answers: Array<() => Promise<number>>) {
  const { timing, sleepers } = handTiming();
  let hidden = false;
  let seen: () => void = () => undefined;
  let asked = 0;
  const poller = createPoller<number>({
    load: () => {
      asked += 1;
      return (answers.shift() ?? (() => Promise.resolve(-1)))();
    },
    pauseMs: (value) => (value === 1 ? 1000 : 5000),
    isAnswer: (error) => (error as Error).message === 'not found',
    timing,
    visibility: {
      hidden: () => hidden,
      subscribe: (listener) => {
        seen = listener;
        return () => undefined;
      },
    },
  });
  const show = (visible: boolean) => {
    hidden = !visible;
    seen();
  };
  return { poller, sleepers, show, asked: () => asked };
}

const fails = (message: string) => () => Promise.reject(new Error(message));

test('the pause follows what was answered, and ends with the last subscriber', async () => {
  const { poller, sleepers, asked } = setUp([async () => 1, async () => 2]);
  const end = poller.subscribe(() => undefined);
  await settle();
  assert.deepEqual([poller.get().value, sleepers.map(({ ms }) => ms)], [1, [1000]]);
  sleepers[0]?.end();
  await settle();
  assert.equal(poller.get().value, 2);
  assert.equal(sleepers.at(-1)?.ms, 5000);
  end();
  await settle();
  assert.equal(asked(), 2);
});

test('a hidden tab asks nothing and asks at once when it is seen again', async () => {
  const { poller, show, asked } = setUp([async () => 1, async () => 2]);
  show(false);
  const end = poller.subscribe(() => undefined);
  await settle();
  assert.equal(asked(), 0);
  show(true);
  await settle();
  assert.equal(poller.get().value, 1);
  end();
});

test('one failed try is a hiccup, two are told, an answer ends it and the last value stays', async () => {
  const { poller, sleepers } = setUp([async () => 1, fails('net'), fails('net'), async () => 2]);
  const end = poller.subscribe(() => undefined);
  const aways: boolean[] = [];
  for (let round = 0; round < 4; round++) {
    await settle();
    aways.push(poller.get().away);
    if (round === 2) assert.equal(poller.get().value, 1);
    sleepers.at(-1)?.end();
  }
  assert.deepEqual(aways, [false, false, true, false]);
  end();
});

test('what the server means is a failure, not an absence', async () => {
  const { poller, sleepers } = setUp([fails('not found'), fails('not found')]);
  const end = poller.subscribe(() => undefined);
  await settle();
  sleepers.at(-1)?.end();
  await settle();
  assert.equal(poller.get().away, false);
  assert.equal((poller.get().failure as Error).message, 'not found');
  end();
});

test('an answer that was under way while the page learned better is thrown away', async () => {
  let answer: (value: number) => void = () => undefined;
  const late = () => new Promise<number>((resolve) => (answer = resolve));
  const { poller, sleepers, asked } = setUp([async () => 1, late, async () => 3]);
  const end = poller.subscribe(() => undefined);
  await settle();
  sleepers.at(-1)?.end();
  await settle();
  poller.update(() => 2);
  answer(1);
  await settle();
  assert.equal(asked(), 3, 'it asks again without a pause');
  assert.equal(poller.get().value, 3);
  end();
});
