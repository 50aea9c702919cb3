import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Inspection } from '../../../contracts/tasks.ts';
import { factsOf, stateWords } from './master-words.ts';

const MASTER: Inspection = {
  ...{ container: 'mpegts', durationS: 5400, startS: 1.4, bitsPerS: 8_000_000, notes: [] },
  video: {
    ...{ index: 0, codec: 'mpeg2video', width: 1024, height: 560, rotation: 0, bitDepth: 8 },
    ...{ frameRate: { num: 24_000, den: 1001 }, variableFrameRate: false, interlaced: false },
    ...{ pixelFormat: 'yuv420p', colour: 'sdr', fullRange: false, cadence: 'telecine', firstField: 'top' },
    ...{
      crop: { x: 0, y: 8, width: 720, height: 560 },
      primaries: 'bt470bg',
      matrix: 'bt470bg',
      grain: 5.25,
    },
  },
  audio: [
    {
      ...{
        index: 1,
        codec: 'ac3',
        channels: 6,
        sampleRate: 48_000,
        language: 'de',
        label: '',
        default: true,
      },
      ...{ audioDescription: true, layout: '5.1(side)' },
      loudness: { integratedLufs: -23.04, rangeLu: 9, truePeakDb: -2.5 },
    },
  ],
  text: [],
};

const words = (found: Inspection) => new Map(factsOf(found).flatMap(({ facts }) => facts));

test('a report says what a master is and what is done to it', () => {
  const said = words(MASTER);
  assert.equal(said.get('Container'), 'MPEG transport stream');
  assert.equal(said.get('Coding'), 'MPEG-2, 8 bits, yuv420p');
  assert.equal(said.get('Frames'), '23.976 a second, freed of 3:2 pulldown');
  assert.equal(said.get('Black bars'), 'cut off, 720 × 560 remain');
  assert.equal(said.get('Colour as stated'), 'bt470bg');
  assert.equal(said.get('Grain'), 'strong, 5.3 of 255 steps');
  assert.equal(
    said.get('1. German, audio description'),
    'AC-3, 5.1(side), 48 kHz, about -23.0 LUFS, true peak -2.5 dBTP',
  );
});

test('what older versions did not measure is left out', () => {
  const { grain: _, crop: __, ...video } = MASTER.video;
  const audio = MASTER.audio.map(({ loudness: ___, ...rest }) => rest);
  const said = words({ ...MASTER, video, audio });
  assert.equal(said.has('Grain'), false);
  assert.equal(said.has('Black bars'), false);
  assert.equal(said.get('1. German, audio description'), 'AC-3, 5.1(side), 48 kHz');
});

test('a refusal is told with its code, and an inspection under way as one', () => {
  const report = { job: 'x', name: 'film.ts', inspection: null, reason: null, reasonCode: null };
  assert.match(stateWords({ ...report, state: 'inspecting' }) ?? '', /being inspected/);
  const refused = {
    ...report,
    state: 'refused',
    reason: 'The file is empty.',
    reasonCode: 'empty_file',
  } as const;
  assert.equal(stateWords(refused), 'The file is empty. (empty_file)');
  assert.equal(stateWords({ ...report, state: 'ready', inspection: MASTER }), null);
});
