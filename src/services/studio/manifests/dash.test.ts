import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, film, manifestOf, SHEETS, text, track, video } from './films.testing.ts';

const mpd = (...args: Parameters<typeof film>) => manifestOf(film(...args), 'manifest.mpd');
const linesOf = (text: string, part: string) =>
  text
    .split('\n')
    .filter((line) => line.includes(part))
    .map((line) => line.trim());

test('a small film is described exactly', () => {
  assert.equal(
    mpd({
      audio: [audio('a1', { default: true, label: 'R&B "mix"' })],
      text: [text('t1', { language: 'ja', label: '日本語', default: true })],
      thumbnails: { path: '../images/1/', sheets: SHEETS },
    }),
    `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="PT10S" minBufferTime="PT4.011S">
  <Period id="0" start="PT0S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="640" maxHeight="360">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="360p" bandwidth="200000" codecs="avc1.64001e" width="640" height="360" sar="1:1" frameRate="24">
        <SegmentTemplate timescale="24000" initialization="../360p/1/init.mp4" media="../360p/1/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="96000" r="1"/>
            <S d="48000"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
      <Label>R&amp;B &quot;mix&quot;</Label>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="a1-1" bandwidth="128343" codecs="mp4a.40.2" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
        <SegmentTemplate timescale="48000" initialization="../a1/1/init.mp4" media="../a1/1/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="191488"/>
            <S d="192512"/>
            <S d="96256"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="3" contentType="text" mimeType="text/vtt" lang="ja">
      <Label>日本語</Label>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="t1-1" bandwidth="256">
        <BaseURL>../t1/1/text.vtt</BaseURL>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="4" contentType="image" mimeType="image/jpeg">
      <Representation id="thumbnails-1" bandwidth="43200" width="320" height="180">
        <EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="2x2"/>
        <SegmentTemplate media="../images/1/sheet-$Number%05d$.jpg" timescale="1000" duration="8000" startNumber="1"/>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`,
  );
});

test('tracks say for whom they are', () => {
  const told = mpd({
    audio: [audio('a1'), audio('a2', { audioDescription: true })],
    text: [text('t1', { hearingImpaired: true }), text('t2', { forced: true })],
  });
  const values = linesOf(told, 'schemeIdUri').map((line) =>
    /^<(\w+) .*:(\d{4})" value="(.*)"\/>$/.exec(line),
  );
  assert.deepEqual(
    values.flatMap((found) => (found ? [`${found[1]} ${found[3]}`] : [])),
    [
      ...['Role main', 'Role alternate', 'Accessibility 1', 'Role description'],
      ...['Accessibility 2', 'Role caption', 'Role forced-subtitle'],
    ],
  );
});

test('of several defaults the first is the main one', () => {
  const told = mpd({
    audio: [audio('a1', { default: true }), audio('a2', { default: true })],
    text: [text('t1', { default: true }), text('t2', { default: true })],
  });
  const roles = linesOf(told, '<Role').map((line) => /value="(.*)"/.exec(line)?.[1]);
  assert.deepEqual(roles, ['main', 'main', 'alternate', 'subtitle', 'main', 'subtitle']);
});

test('frame rates are fractions where they must be, and lengths are exact', () => {
  const rate = { num: 30_000, den: 1001 };
  const pictures = track('video', 30_000, [[120_120, 1000]], { width: 640, height: 360, frameRate: rate });
  const told = mpd({ durationS: 4.004, video: [{ ...video(360), track: pictures }] });
  assert.match(told, / frameRate="30000\/1001">/);
  assert.match(told, / mediaPresentationDuration="PT4.004S" minBufferTime="PT4.004S">/);
});

test('a track that begins late says when', () => {
  const sound = { ...audio('a1'), track: { ...audio('a1').track, startTicks: 4800 } };
  assert.deepEqual(linesOf(mpd({ audio: [sound] }), 't="4800"'), ['<S t="4800" d="191488"/>']);
});

test('a short last segment that is large raises the promise', () => {
  const pictures = {
    ...video(360),
    track: track('video', 24_000, [
      [96_000, 10_000],
      [1000, 60_000],
    ]),
  };
  assert.deepEqual(linesOf(mpd({ video: [pictures] }), 'bandwidth='), [
    // 70 kB in 4.042 s for those two in a row; 60 kB in the 4 s of buffer would be less.
    '<Representation id="360p" bandwidth="138557" codecs="avc1.64001e" sar="1:1">',
  ]);
});

test('eight channels have a number of their own', () => {
  const sound = { ...audio('a1'), track: { ...audio('a1').track, channels: 8 } };
  assert.match(mpd({ audio: [sound] }), /ChannelConfiguration" value="7"\/>/);
});

test('unknown and broken languages are left out', () => {
  const told = mpd({ audio: [audio('a1', { language: 'und' }), audio('a2', { language: 'x"y' })] });
  assert.ok(!told.includes('lang='));
});

test('files that a template cannot name are a fault of the program', () => {
  const pictures = video(360);
  pictures.track.segments[1] = { name: 'other.m4s', ticks: 96_000, bytes: 1 };
  assert.throws(() => mpd({ video: [pictures] }), /numbered from one/);
});
