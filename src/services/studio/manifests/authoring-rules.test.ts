import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brokenDashRules,
  brokenHlsRules,
  DASH_RULES,
  HLS_RULES,
  readPresentation,
} from './authoring-rules.testing.ts';
import type { Film } from './film.ts';
import { filmForms } from './film-forms.testing.ts';
import { manifestOf, playlistsOf } from './films.testing.ts';

const hlsOf = (one: Film, playlists = playlistsOf(one)) =>
  brokenHlsRules(readPresentation(playlists, 'master.m3u8', one.growing !== undefined));

for (const [form, one] of filmForms()) {
  test(`the rules of authors are kept: ${form}`, () => {
    assert.deepEqual(hlsOf(one), []);
    assert.deepEqual(brokenDashRules(manifestOf(one, 'manifest.mpd')), []);
  });
}

type Break = [form: string, file: string, from: RegExp, to: string];

const HLS_BREAKS: Record<keyof typeof HLS_RULES, Break> = {
  'RFC 8216bis: segments can be decoded by themselves': [
    ...(['rich', 'master.m3u8', /#EXT-X-INDEPENDENT-SEGMENTS\n/, ''] as const),
  ],
  'RFC 8216bis: a variant tells of its size, its rate and its mean': [
    ...(['rich', 'master.m3u8', /FRAME-RATE=24.000,/, ''] as const),
  ],
  'RFC 6381: codecs are spelled as they must be': ['rich', 'master.m3u8', /avc1\.64001e/, 'avc1.100.30'],
  'RFC 8216bis: groups of sound have the same members': [
    ...(['many codecs', 'master.m3u8', /(GROUP-ID="audio-opus",NAME=)"English"/, '$1"Englisch"'] as const),
  ],
  'RFC 8216bis: every picture can be had with every group of sound': [
    ...(['many codecs', 'master.m3u8', /#EXT-X-STREAM-INF.*AUDIO="audio-opus".*\n.*\n/, ''] as const),
  ],
  'Apple: sound tells how many channels it has': ['rich', 'master.m3u8', /CHANNELS="2",/, ''],
  'Apple: what begins is what everybody plays': [
    ...([
      'many codecs',
      'master.m3u8',
      /CODECS="avc1.64001e,mp4a.40.2"/,
      'CODECS="avc1.64001e,opus"',
    ] as const),
  ],
  'Apple: every picture whose key frames are known can be wound through': [
    ...(['key frames', 'master.m3u8', /#EXT-X-I-FRAME-STREAM-INF.*\n/, ''] as const),
  ],
  'RFC 8216bis: a list of key frames has the codec and the size of its pictures': [
    ...(['key frames', 'master.m3u8', /(#EXT-X-I-FRAME.*RESOLUTION=)1280x720/, '$11280x722'] as const),
  ],
  'RFC 8216bis: the version is that of what is used': ['rich', 'v480p.m3u8', /VERSION:7/, 'VERSION:5'],
  'RFC 8216bis: media of fragments has a map before its first segment': [
    ...(['rich', 'a1.m3u8', /#EXT-X-MAP.*\n/, ''] as const),
  ],
  'RFC 8216bis: no segment stands twice in a list': ['rich', 'v480p.m3u8', /00002\.m4s/, '00001.m4s'],
  'ours: a film that grows is joined at its start': ['growing', 'master.m3u8', /#EXT-X-START.*\n/, ''],
};

test('every rule of HLS notices a playlist that breaks it', () => {
  const forms = filmForms();
  assert.deepEqual(Object.keys(HLS_BREAKS), Object.keys(HLS_RULES));
  for (const [rule, [form, file, from, to]] of Object.entries(HLS_BREAKS)) {
    const one = forms.get(form) as Film;
    const playlists = playlistsOf(one);
    const before = playlists.get(file) ?? '';
    const after = before.replace(from, to);
    assert.notEqual(after, before, rule);
    assert.ok(hlsOf(one, playlists.set(file, after)).includes(rule), rule);
  }
});

const DASH_BREAKS: Record<keyof typeof DASH_RULES, [form: string, from: RegExp, to: string]> = {
  'ISO 23009-1: what grows says since when and how often to look, and what is whole how long it is': [
    ...(['growing', / minimumUpdatePeriod="PT2S"/, ''] as const),
  ],
  'RFC 6381: codecs are spelled as they must be': ['rich', /codecs="mp4a\.40\.2"/, 'codecs="mp4a.2"'],
  'ISO 23009-1: a set is as large as the largest in it': ['rich', /maxWidth="1280"/, 'maxWidth="854"'],
  'DASH-IF: pictures of one set have one shape and one rate': ['rich', /width="426"/, 'width="320"'],
  'DASH-IF: segments of a set are aligned and begin with a key': ['rich', / startWithSAP="1"/, ''],
  'DASH-IF: one sound in each codec is the main one': ['rich', /value="alternate"/, 'value="main"'],
  'ISO 23091-3: channels are told by their number': [
    ...(['layouts of sound', /(ChannelConfiguration" value=)"6"/, '$1"5.1"'] as const),
  ],
  'BCP 47: sound and text name a language or none': ['rich', /lang="de"/, 'lang="DE-de"'],
  'DASH-IF: tiles of thumbnails divide their sheet': ['rich', /value="2x2"/, 'value="3x2"'],
  'DASH-IF: key frames alone belong to a set of pictures that is there': [
    ...(['rich', /(trickmode" value=)"1"/, '$1"99"'] as const),
  ],
  'ISO 23009-1: segments follow each other without a gap': [
    ...(['rich', /<S d="48000"\/>/, '<S t="200000" d="48000"/>'] as const),
  ],
};

test('every rule of DASH notices an MPD that breaks it', () => {
  const forms = filmForms();
  assert.deepEqual(Object.keys(DASH_BREAKS), Object.keys(DASH_RULES));
  for (const [rule, [form, from, to]] of Object.entries(DASH_BREAKS)) {
    const before = manifestOf(forms.get(form) as Film, 'manifest.mpd');
    const after = before.replace(from, to);
    assert.notEqual(after, before, rule);
    assert.ok(brokenDashRules(after).includes(rule), rule);
  }
});
