import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MatineeError } from '../../platform/errors.ts';
import { clockText, spokenTime } from './clock-text.ts';
import { describeFault } from './film-fault.ts';
import { actionOf, keyLines } from './keys.ts';
import { createMediaAddress } from './media-address.ts';
import { createRemembered } from './remembered.ts';
import { manifestFormat } from './shaka-engine.ts';
import { audioName, qualityName, textName } from './track-names.ts';
import { onePerSound } from './tracks.ts';

test('times read like a clock, and keep their shape within one film', () => {
  assert.equal(clockText(0), '0:00');
  assert.equal(clockText(65.9), '1:05');
  assert.equal(clockText(65, 7200), '0:01:05');
  assert.equal(clockText(3723), '1:02:03');
  assert.equal(clockText(31.999999, 31.999999), '0:32', 'rounding of the container is not a second');
  assert.equal(clockText(Number.NaN), '0:00');
});

test('times are spoken in words', () => {
  assert.equal(spokenTime(0), '0 seconds');
  assert.equal(spokenTime(3661), '1 hour 1 minute 1 second');
  assert.equal(spokenTime(7202), '2 hours 2 seconds');
});

test('keys do what the list says, and keys held with Ctrl are the browser’s', () => {
  const press = (key: string, ctrlKey = false) => actionOf({ key, ctrlKey, metaKey: false, altKey: false });
  assert.deepEqual(press(' '), { do: 'toggle-play' });
  assert.deepEqual(press('K'), { do: 'toggle-play' });
  assert.deepEqual(press('7'), { do: 'seek-to', part: 0.7 });
  assert.deepEqual(press('>'), { do: 'rate-by', step: 1 });
  assert.equal(press('f', true), undefined);
  assert.equal(press('q'), undefined);
  assert.equal(keyLines().filter(({ shown }) => shown === '0 to 9').length, 1);
});

test('tracks have names that a person knows', () => {
  const track = { language: 'en', label: null, channels: 2, purpose: null };
  assert.equal(audioName(track), 'English');
  assert.equal(audioName({ ...track, language: 'de', label: 'German' }), 'German');
  assert.equal(audioName({ ...track, purpose: 'visually impaired' }), 'English (audio description)');
  const described = { label: 'English (audio description)', purpose: 'visually impaired' };
  assert.equal(audioName({ ...track, ...described }), 'English (audio description)');
  assert.equal(audioName({ ...track, label: 'English 2', channels: 6 }), 'English 2 (5.1)');
  assert.equal(audioName({ ...track, language: 'und' }), 'Original');
  assert.equal(audioName({ ...track, language: 'und', label: 'Original' }), 'Original');
  assert.equal(audioName({ ...track, language: 'und', label: 'Music', channels: 6 }), 'Music, 5.1');
  assert.equal(textName({ ...track, purpose: 'hard of hearing' }), 'English (for the hard of hearing)');
  assert.equal(textName({ ...track, language: 'und' }), 'Captions');
});

test('a sound in two codecs is one choice, in the codec that plays; one with more channels is another', () => {
  const track = (label: string, codecs: string, channelsCount = 2, active = false) => {
    return { language: 'en', label, codecs, channelsCount, active };
  };
  const chosen = onePerSound([
    track('English', 'mp4a.40.2', 2, true),
    track('English (commentary)', 'opus'),
    track('English', 'opus'),
    track('English (commentary)', 'mp4a.40.2'),
    track('English', 'ec-3', 6),
  ]);
  assert.deepEqual(
    chosen.map(({ label, codecs }) => `${label} ${codecs}`),
    ['English mp4a.40.2', 'English (commentary) mp4a.40.2', 'English ec-3'],
  );
});

test('a rendition is named after the frame that it fills', () => {
  assert.equal(qualityName(1920, 1080), '1080p');
  assert.equal(qualityName(1920, 804), '1080p');
  assert.equal(qualityName(854, 364), '480p');
  assert.equal(qualityName(426, 240), '240p');
  assert.equal(qualityName(1080, 1920), '1080p');
  assert.equal(qualityName(768, 576), '576p');
});

test('a media address keeps its key at every edge and with every token', () => {
  const address = createMediaAddress();
  address.adopt('http://a:8101/tok.en/titles/x/p1/manifest.mpd');
  const key = address.key('http://a:8101/tok.en/titles/x/720p/1.m4s');
  assert.equal(key, 'titles/x/720p/1.m4s');
  address.adopt('http://b:8102/other/titles/x/p2/manifest.mpd');
  assert.equal(address.at('http://b:8102/', key), 'http://b:8102/other/titles/x/720p/1.m4s');
});

test('faults are told in words, with a way on where there is one', () => {
  assert.equal(describeFault(new MatineeError('not_found', 'x')).retry, false);
  assert.equal(describeFault(new MatineeError('unavailable', 'x')).retry, true);
  assert.match(describeFault(new TypeError('fetch failed')).title, /connection/);
  assert.match(describeFault({ category: 1, code: 1002, data: [] }).advice, /servers/);
  assert.equal(describeFault({ category: 4, code: 4032, data: [] }).retry, false);
});

test('DASH for all but Safari, and what the address asks for before that', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
  const safari =
    'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';
  assert.equal(manifestFormat('', chrome), 'dash');
  assert.equal(manifestFormat('', safari), 'hls');
  assert.equal(manifestFormat('?format=hls', chrome), 'hls');
  assert.equal(manifestFormat('?format=dash', safari), 'dash');
});

test('a browser keeps its name, and one without storage has none to lose', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (k: string) => kept.get(k) ?? null,
    setItem: (k: string, v: string) => void kept.set(k, v),
  };
  const first = createRemembered(storage, () => 'one').device();
  assert.equal(createRemembered(storage, () => 'two').device(), first);
  const forbidden = () => {
    throw new Error('denied');
  };
  const none = createRemembered({ getItem: forbidden, setItem: forbidden }, () => 'three');
  assert.equal(none.device(), 'three');
  assert.equal(none.number('bandwidth'), undefined);
});
