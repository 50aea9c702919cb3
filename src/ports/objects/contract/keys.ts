/** Keys of the contract: opaque, in any script, up to 1,024 bytes. */
import assert from 'node:assert/strict';
import { assertCode, text, textAt } from './expectations.ts';
import type { ContractTest } from './subject.ts';

const STRANGE_KEYS: Readonly<Record<string, string>> = {
  'two dots': '..',
  'one dot': '.',
  'a path upwards': '../../etc/passwd',
  'dots inside': 'a/./b/../c',
  'a leading slash': '/a',
  'two leading slashes': '//a',
  'doubled slashes': 'a//b///c',
  'a trailing slash': 'folder/',
  'only a slash': '/',
  spaces: ' a b  c ',
  quotes: 'it\'s "quoted" `here`',
  'percent signs': '100%/a%2Fb%',
  'plus and ampersand': 'a+b&c=d',
  'query and fragment': 'a?b=c#d',
  backslashes: 'a\\b\\..\\c',
  'markup characters': '<a>&amp;</a>',
  'colons and stars': 'c:\\*|"<>?',
  CJK: '電影/第一部.mp4',
  'right to left': 'فيلم/مقطع.mp4',
  emoji: '🎬/👩‍👩‍👧‍👦.mp4',
  'a composed accent': 'caf\u00e9',
  'a decomposed accent': 'cafe\u0301',
  'a name of the language': '__proto__',
  '1,024 bytes': 'k'.repeat(1024),
  '1,024 bytes of three-byte letters': `${'電'.repeat(341)}x`,
};

export const keyTests: readonly ContractTest[] = [
  ...Object.entries(STRANGE_KEYS).map(
    ([what, key]): ContractTest => ({
      name: `a key with ${what} is only a key`,
      run: async ({ store, bucket }) => {
        await store.put(bucket, key, text(key));
        assert.equal(await textAt(store, bucket, key), key);
        assert.equal((await store.head(bucket, key)).key, key);
        const keys = (await store.list(bucket)).entries.map((entry) => entry.key);
        assert.deepEqual(keys, [key]);
        await store.copy({ bucket, key }, { bucket, key: 'copy' });
        assert.equal(await textAt(store, bucket, 'copy'), key);
        await store.delete(bucket, key);
        await assertCode(store.head(bucket, key), 'not_found');
      },
    }),
  ),
  {
    name: 'keys that look alike are different keys',
    run: async ({ store, bucket }) => {
      const keys = ['a', 'A', 'a/', '/a', './a', 'caf\u00e9', 'cafe\u0301', 'a ', 'a%20'];
      for (const key of keys) await store.put(bucket, key, text(`<${key}>`));
      for (const key of keys) assert.equal(await textAt(store, bucket, key), `<${key}>`);
      assert.equal((await store.list(bucket)).entries.length, keys.length);
    },
  },
  {
    name: 'a key may be the folder of another',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('file'));
      await store.put(bucket, 'a/b', text('below'));
      assert.equal(await textAt(store, bucket, 'a'), 'file');
      assert.equal(await textAt(store, bucket, 'a/b'), 'below');
    },
  },
  {
    name: 'no key and a key over 1,024 bytes are invalid_request',
    run: async ({ store, bucket }) => {
      await assertCode(store.put(bucket, '', text('a')), 'invalid_request');
      await assertCode(store.put(bucket, 'k'.repeat(1025), text('a')), 'invalid_request');
      await assertCode(store.put(bucket, '電'.repeat(342), text('a')), 'invalid_request');
      await assertCode(store.createUpload(bucket, 'k'.repeat(1025)), 'invalid_request');
    },
  },
];
