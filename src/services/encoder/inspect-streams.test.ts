import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOf } from '../../contracts/language.ts';
import { lengthOnGrid } from './inspect.ts';
import {
  bitDepthOf,
  describeAudio,
  describeText,
  pickVideo,
  rotationOf,
  shownSize,
} from './inspect-streams.ts';

test('languages become BCP 47 whichever ISO form they had', () => {
  const given = [
    'eng',
    'ger',
    'deu',
    'fre',
    'pt_BR',
    'en-US',
    'und',
    '',
    'xx-not a tag',
    undefined,
    'english',
  ];
  assert.deepEqual(given.map(languageOf), [
    'en',
    'de',
    'de',
    'fr',
    'pt-BR',
    'en-US',
    'und',
    'und',
    'und',
    'und',
    'und',
  ]);
});

test('sizes have square pixels, stand upright and are even', () => {
  const pal = { index: 0, width: 720, height: 576, sample_aspect_ratio: '64:45' };
  assert.deepEqual(shownSize(pal), { width: 1024, height: 576 });
  assert.deepEqual(shownSize({ index: 0, width: 321, height: 241 }), { width: 320, height: 240 });
  const matrix = [{ side_data_type: 'Display Matrix', rotation: -90 }];
  const phone = { index: 0, width: 1920, height: 1080, side_data_list: matrix };
  assert.deepEqual(shownSize(phone), { width: 1080, height: 1920 });
  assert.equal(rotationOf(phone), 90);
});

test('cover art is never the film', () => {
  const cover = {
    index: 0,
    codec_type: 'video',
    width: 3000,
    height: 3000,
    disposition: { attached_pic: 1 },
  };
  const film = { index: 1, codec_type: 'video', width: 640, height: 360 };
  assert.equal(pickVideo([cover, film])?.index, 1);
  assert.equal(pickVideo([cover]), undefined);
});

test('the default film wins over a larger one', () => {
  const large = { index: 0, codec_type: 'video', width: 3840, height: 2160 };
  const usual = { index: 1, codec_type: 'video', width: 640, height: 360, disposition: { default: 1 } };
  assert.equal(pickVideo([large, usual])?.index, 1);
});

test('bit depths are read from pixel formats', () => {
  const formats = [
    'yuv420p',
    'yuv420p10le',
    'yuv422p12be',
    'gbrp16le',
    'nv12',
    'p010le',
    'rgb48le',
    'yuvj420p',
  ];
  assert.deepEqual(formats.map(bitDepthOf), [8, 10, 12, 16, 8, 10, 16, 8]);
});

test('subtitles made of pictures are noted and left out', () => {
  const notes: string[] = [];
  const streams = ['subrip', 'hdmv_pgs_subtitle'].map((codec_name, index) => {
    return {
      index,
      codec_type: 'subtitle',
      codec_name,
      tags: { language: 'fra' },
      disposition: { forced: 1 },
    };
  });
  const found = describeText(streams, notes);
  assert.deepEqual(
    found.map(({ codec, language, forced }) => [codec, language, forced]),
    [['subrip', 'fr', true]],
  );
  assert.equal(notes.length, 1);
});

test('roles of sound are read from dispositions, and from titles of programs that know none', () => {
  const stream = (index: number, title: string, disposition: Record<string, number> = {}) => ({
    ...{ index, codec_type: 'audio', codec_name: 'aac', channels: 2, sample_rate: '48000' },
    ...{ tags: { title }, disposition },
  });
  const found = describeAudio(
    [
      stream(0, 'Main'),
      stream(1, 'English Audio Description'),
      stream(2, '', { visual_impaired: 1 }),
      stream(3, 'Director’s commentary'),
      stream(4, '', { comment: 1 }),
    ],
    [],
  );
  assert.deepEqual(
    found.map(({ audioDescription, commentary = false }) => [audioDescription, commentary]),
    [
      [false, false],
      [true, false],
      [true, false],
      [false, true],
      [false, true],
    ],
  );
});

test('the length is whole frames, and only a picture that stands for a while makes it longer', () => {
  const rate = { num: 25, den: 1 };
  assert.equal(lengthOnGrid(rate, 0.02, 9.98, 10.02), 10);
  assert.equal(lengthOnGrid(rate, 0, 9.96, 10.1), 10);
  assert.equal(lengthOnGrid(rate, 0, 9.96, 15), 15);
  assert.equal(lengthOnGrid({ num: 60, den: 1 }, 0, 239 / 120, 2), 2);
});
