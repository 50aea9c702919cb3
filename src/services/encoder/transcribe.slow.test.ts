import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { findPrograms } from './programs.ts';
import { makeClip, printed } from './test-clips.ts';
import { utterances } from './transcribe.ts';

const MODEL = '/usr/share/pocketsphinx/model/en-us';
const filters = await printed('ffmpeg', '-hide_banner', '-filters').catch(() => '');
const missing = [
  ...(existsSync(MODEL) ? [] : ['the model of pocketsphinx-en-us']),
  ...[' asr ', ' flite ']
    .filter((filter) => !filters.includes(filter))
    .map((filter) => `ffmpeg with${filter}`),
];

let studio: FakeStudio;
before(async () => {
  studio = await openFakeStudio();
});
after(() => studio?.[Symbol.asyncDispose]());

const specOf = (path: string, durationS: number): TaskSpec => ({
  ...{
    kind: 'transcribe',
    master: studio.url(path),
    streamIndex: 0,
    startS: 0,
    durationS,
    language: 'en-US',
  },
});

async function run(spec: TaskSpec): Promise<{ text: string; result: TaskResult }> {
  const running = studio.run(spec);
  const end = await running;
  if (end.end === 'failed') throw new Error(`${end.code}: ${end.message} ${end.log}`);
  return { text: await readFile(studio.output(running.task, 'text.vtt'), 'utf8'), result: end.result };
}

test('PocketSphinx hears what is said, about when it is said', {
  skip: missing.length > 0 && `not installed: ${missing.join(', ')}`,
}, async () => {
  const path = join(studio.folder, 'speech.mka');
  const say = (text: string) => ['-f', 'lavfi', '-i', `flite=text='${text}':voice=slt`];
  await makeClip(
    ...say('good morning everybody. the weather is nice today'),
    ...['-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono:d=2'],
    ...say('we are going home'),
    ...['-filter_complex', '[0:a]aresample=16000[a];[2:a]aresample=16000[b];[a][1:a][b]concat=n=3:v=0:a=1'],
    ...['-c:a', 'flac', path],
  );
  const stop = await studio.startWorker('speech', undefined, { speechModel: MODEL });
  try {
    const { text, result } = await run(specOf(path, 6.7));
    assert.match(
      text,
      /00:00:00\.\d+ --> 00:00:0[23]\.\d+\ngood morning everybody the weather is\nnice today/,
    );
    assert.match(text, /00:00:0[45]\.\d+ --> 00:00:06\.\d+\nwe are /);
    assert.ok(result.kind === 'transcribe' && result.cues === 2 && result.imsc);
  } finally {
    await stop();
  }
});

test("whisper.cpp's program is asked for the film's language, and its words are taken without its noises", async () => {
  // In place of the program stands a script that takes the same arguments; it proves how it is called, not what it hears.
  const program = join(studio.folder, 'whisper-cli');
  const script = [
    '#!/bin/sh',
    '[ "$1" = --help ] && exit 0',
    'echo "whisper_print_progress_callback: progress =  50%" >&2',
    '[ -s speech.wav ] || exit 3',
    `printf 'WEBVTT\\n\\n00:00:00.000 --> 00:00:01.000\\n [BLANK_AUDIO]\\n\\n' > heard.vtt`,
    `printf '00:00:01.000 --> 00:00:02.000\\n %s\\n' "$*" >> heard.vtt`,
  ];
  await writeFile(program, script.join('\n'), { mode: 0o755 });
  const model = join(studio.folder, 'ggml-base.bin');
  await writeFile(model, 'model');
  const path = join(studio.folder, 'tone.mka');
  await makeClip('-f', 'lavfi', '-i', 'sine=duration=3', '-c:a', 'flac', path);
  const stop = await studio.startWorker('whisper', undefined, { speechModel: model, speechProgram: program });
  try {
    const { text } = await run(specOf(path, 3));
    assert.match(
      text,
      /^WEBVTT\n\n00:00:01\.000 --> 00:00:02\.000\n-m [^\n]*ggml-base\.bin -l en -t 1 -f speech\.wav -ovtt -of heard/,
    );
  } finally {
    await stop();
  }
});

test('a model that is not there, or cannot be read, is told at the start', async () => {
  const model = (speechModel: string) => findPrograms({ speechModel, speechProgram: 'no-such-recogniser' });
  await assert.rejects(model('/no/such/model'), { code: 'missing_program' });
  await assert.rejects(model(studio.folder), { code: 'missing_program' });
  await assert.rejects(model(join(studio.folder, 'ggml-base.bin')), /whisper\.cpp/);
});

test('utterances begin where a silence ended, or as long ago as their words take', () => {
  const frame = (time: number) => `frame:1    pts:1    pts_time:${time}`;
  const heard = utterances(
    [
      ...[frame(1.2), 'lavfi.silence_end=1.25', frame(3), 'lavfi.asr.text=one two'],
      ...[frame(5), 'lavfi.asr.text=three four', frame(6), 'lavfi.asr.text='],
    ].join('\n'),
  );
  assert.deepEqual(heard, [
    { fromMs: 1250, toMs: 3000, text: 'one two' },
    { fromMs: 4200, toMs: 5000, text: 'three four' },
  ]);
});
