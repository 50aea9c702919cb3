import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommand, unknownWorks } from './options.ts';

const NAMES = ['edge', 'edge-soak'];

test('options may stand before or after the name', () => {
  const command = readCommand(['--quick', 'edge', '--json', '--only=304,range', '--minutes=0.5'], NAMES);
  assert.deepEqual(command, {
    name: 'edge',
    options: { json: true, quick: true, only: ['304', 'range'], minutes: 0.5 },
  });
});

test('whatever is not known is refused with a sentence', () => {
  const wrong = (...args: string[]) => {
    const read = readCommand(args, NAMES);
    return 'wrong' in read ? read.wrong : undefined;
  };
  assert.match(wrong() ?? '', /which benchmark\? edge, edge-soak/);
  assert.match(wrong('disk') ?? '', /no benchmark disk/);
  assert.match(wrong('edge', 'edge-soak') ?? '', /one benchmark at a time/);
  for (const option of ['--fast', '--only', '--only=', '--minutes=0', '--minutes=long', '--minutes=9999']) {
    assert.match(wrong('edge', option) ?? '', /unknown or incomplete option/, option);
  }
});

test('works that do not exist are found before anything is measured', () => {
  assert.deepEqual(unknownWorks(['304', 'rnage'], ['304', 'range']), ['rnage']);
  assert.deepEqual(unknownWorks([], ['304']), []);
});
