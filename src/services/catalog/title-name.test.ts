import assert from 'node:assert/strict';
import { test } from 'node:test';
import { titleName } from './title-name.ts';

test('a title is named after its file', () => {
  const names: Record<string, string> = {
    'film one.mp4': 'film one',
    'folder/sub/Big_Buck__Bunny.MP4': 'Big Buck Bunny',
    'Some.Film.2019.mkv': 'Some Film 2019',
    'Version 2.5 final.mov': 'Version 2.5 final',
    'v2.5.mp4': 'v2.5',
    'Ünï "quoted" 映画 🎬.mp4': 'Ünï "quoted" 映画 🎬',
    'фильм_о_море.webm': 'фильм о море',
    "it's 100% %20 real.mp4": "it's 100% %20 real",
    noextension: 'noextension',
    '.mp4': '.mp4',
    'a/b/': 'b',
    '   ': 'Untitled',
    'tab\tand\nline.mp4': 'tab and line',
    'e\u0301te\u0301.mp4': 'été',
  };
  for (const [key, name] of Object.entries(names)) assert.equal(titleName(key), name, JSON.stringify(key));
});

test('any key gives a name of 1 to 300 characters without control characters', () => {
  const pool = ['.', '_', '/', ' ', 'a', '9', '映', '🎬', '\u0000', '"', '%', 'mp4'];
  let seed = 7;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return pool[seed % pool.length] as string;
  };
  for (let n = 0; n < 2000; n++) {
    const key = Array.from({ length: 1 + (n % 40) }, next).join('');
    const name = titleName(key);
    assert.ok(name.length > 0 && [...name].length <= 300, JSON.stringify(key));
    assert.doesNotMatch(name, /\p{Cc}/u, JSON.stringify(key));
  }
  assert.equal([...titleName('🎬'.repeat(400))].length, 300);
});
