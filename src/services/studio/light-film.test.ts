import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackagedTrack } from '../../contracts/tasks.ts';
import { growingFilm, wholeFilm } from './light-film.ts';
import { firstPacket, type LightPlan, type LightSpec, planLight, planSpans, spanTask } from './light-plan.ts';
import { type DoneSpan, fitTogether, reachOf, spansOf } from './light-tracks.ts';
import { checkDash } from './manifests/check-dash.testing.ts';
import { checkHls } from './manifests/check-hls.testing.ts';
import type { Film } from './manifests/film.ts';
import { composeManifests } from './manifests/manifests.ts';
import { someAudio, someInspection } from './studio.testing.ts';

const CONFIG = { segmentS: 4, chunkS: 24, gopS: 2 };
const SOURCE = { container: 'mov,mp4', pixelFormat: 'yuv420p', width: 640, height: 360 };
const SINCE_MS = Date.UTC(2026, 0, 1);

function lightOf(durationS: number, num = 24, den = 1): LightPlan {
  const audio = [someAudio({ index: 1 }), someAudio({ index: 2, language: 'de', default: true })];
  return planLight(someInspection({ durationS, audio, frameRate: { num, den } }), SOURCE, CONFIG);
}

/** A span as a worker would answer, with sizes that differ. */
function done(light: LightPlan, spec: LightSpec): DoneSpan {
  const whole = tracks(wholeFilm(light, [begun(light)]));
  const count = Math.ceil(spec.frames / spec.segmentFrames);
  const part = (track: PackagedTrack) =>
    track.segments.slice(spec.firstSegment - 1, spec.firstSegment - 1 + count).map((segment, at) => ({
      ...segment,
      bytes: 20_000 + 7919 * ((spec.firstSegment + at) % 11),
    }));
  const [video, audio] = whole as [PackagedTrack, PackagedTrack];
  return {
    first: spec.firstSegment,
    result: {
      ...{ kind: 'first-light', frames: spec.frames, files: [], cpuS: 1 },
      video: { codecs: 'avc1.64000d', timescale: video.timescale, config: 'v', segments: part(video) },
      audio: {
        ...{ codecs: 'mp4a.40.2', timescale: 48_000, config: 'a', segments: part(audio) },
        ...{ sampleRate: 48_000, channels: 2 },
      },
    },
  };
}

/** A first span of which only the configuration counts. */
function begun({ found }: LightPlan): DoneSpan {
  const { num } = found.video.frameRate;
  const timescale = num >= 10_000 ? num : num * 1000;
  const nothing = { config: '', segments: [{ name: '', ticks: 1, bytes: 1 }] };
  const video = { ...nothing, codecs: 'avc1.64000d', timescale };
  const audio = { ...nothing, codecs: 'mp4a.40.2', timescale: 48_000 };
  return { first: 1, result: { kind: 'first-light', frames: 1, video, audio, files: [], cpuS: 1 } };
}

const tracks = (film: Film) => [...film.video, ...film.audio].map(({ track }) => track);

function filesOf(film: Film): Map<string, number> {
  return new Map(
    [...film.video, ...film.audio].flatMap(({ path, track }) => [
      [path + track.init, 800] as const,
      ...track.segments.map(({ name, bytes }) => [path + name, bytes] as const),
    ]),
  );
}

test('manifests of a film that grows are valid at every stage, and no stage takes anything back', () => {
  for (const [durationS, num, den] of [
    [3, 24, 1],
    [61.3, 24, 1],
    [200, 30_000, 1001],
    [33.1, 10, 1],
    [48.02, 60, 1],
  ] as const) {
    const light = lightOf(durationS, num, den);
    const spans: DoneSpan[] = [];
    let before = '';
    for (const span of planSpans(light)) {
      spans.push(done(light, spanTask(light, span).spec as LightSpec));
      const isLast = reachOf(spans) === light.segments;
      const film = growingFilm(light, spans, isLast ? undefined : SINCE_MS);
      const { files, hls, dash } = composeManifests(film);
      const text = new Map(files.map((file) => [file.name, file.text]));
      const lists = new Map([...text].filter(([name]) => name.endsWith('.m3u8')));
      const media = filesOf(film);
      assert.deepEqual(checkHls(lists, hls, media, { event: true, grows: !isLast }), []);
      const growing = isLast ? undefined : { grownS: film.durationS, nowMs: SINCE_MS };
      assert.deepEqual(checkDash(text.get(dash) ?? '', media, growing), []);
      const list = lists.get(`v${light.rung.name}.m3u8`) ?? '';
      assert.ok(list.startsWith(before), 'a list only gets longer');
      before = list.replace('#EXT-X-ENDLIST\n', '');
    }
    assert.deepEqual(spansOf(spans), [[1, light.segments]]);
  }
});

test('the whole film is listed from the start, as it will be in the end', () => {
  const light = lightOf(200, 30_000, 1001);
  const spans = planSpans(light).map((span) => done(light, spanTask(light, span).spec as LightSpec));
  const early = wholeFilm(light, spans.slice(0, 1));
  const late = growingFilm(light, spans, undefined);
  const shape = (film: Film) =>
    tracks(film).map(({ segments, init, startTicks, timescale, codecs }) => ({
      ...{ init, startTicks, timescale, codecs },
      segments: segments.map(({ name, ticks }) => [name, ticks]),
    }));
  assert.deepEqual(shape(early), shape(late));
  assert.equal(early.durationS, late.durationS);
  const { files, hls, dash } = composeManifests(early);
  const text = new Map(files.map((file) => [file.name, file.text]));
  const lists = new Map([...text].filter(([name]) => name.endsWith('.m3u8')));
  assert.deepEqual(checkHls(lists, hls, filesOf(early)), []);
  assert.deepEqual(checkDash(text.get(dash) ?? '', filesOf(early)), []);
});

test('spans cover the film once, the first ones shortly, and the sound keeps beside the pictures', () => {
  for (const durationS of [0.5, 4, 7200, 6 * 3600]) {
    const light = lightOf(durationS);
    const spans = planSpans(light);
    assert.equal(spans[0]?.count, 1);
    let next = 1;
    for (const { first, count } of spans) {
      assert.equal(first, next);
      next += count;
    }
    assert.equal(next, light.segments + 1);
    const order = spans.map(({ priority }) => priority);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => b - a),
    );
    for (let segment = 2; segment <= light.segments; segment += 97) {
      const heardS = ((firstPacket(light, segment) - 1) * 1024) / 48_000;
      assert.ok(Math.abs(heardS - (segment - 1) * light.grid.segmentS) < 0.011, `segment ${segment}`);
    }
  }
});

test('seeks leave gaps that are told as they are; spans of two encoders do not fit together', () => {
  const light = lightOf(200);
  const specs = planSpans(light).map((span) => spanTask(light, span).spec as LightSpec);
  const [a, b, c] = [0, 1, 3].map((at) => done(light, specs[at] as LightSpec)) as [
    DoneSpan,
    DoneSpan,
    DoneSpan,
  ];
  assert.deepEqual(spansOf([c, a, b]), [
    [1, 3],
    [8, 15],
  ]);
  assert.equal(reachOf([c, a, b]), 3);
  assert.equal(reachOf([c]), 0);
  assert.ok(fitTogether([a, b]));
  b.result.video.config = 'other';
  assert.ok(!fitTogether([a, b]));
});
