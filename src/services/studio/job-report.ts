/** The report of a job as a page to keep and to print: plain HTML without scripts, everything escaped. Pure. */

import { codecWords, offBy } from '../../contracts/job-words.ts';
import type { JobDetail, JobTask } from '../../contracts/jobs.ts';
import { escapeXml } from './manifests/xml.ts';

export function reportPage({ job, tasks, ladder, inspection, codecs = [] }: JobDetail): string {
  const title = `Encoding of ${job.name}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeXml(title)}</title>`,
    '<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}',
    'table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;padding:.2rem .6rem;text-align:left}',
    'td.number{text-align:right}</style></head><body>',
    `<h1>${escapeXml(title)}</h1>`,
    table(
      ['', ''],
      [
        ['Job', job.id],
        ['State', job.reason === null ? job.state : `${job.state}: ${job.reason}`],
        ['Preset', job.preset],
        ['Started', job.startedAt],
        ['Ended', job.endedAt ?? 'not yet'],
        ['Tasks', countsText(job.tasks)],
      ],
    ),
    '<h2>Estimate and actual</h2>',
    costTable(job),
    codecs.length > 0
      ? `<h2>Newer codecs</h2><p>${codecs.map(codecWords).map(escapeXml).join('</p><p>')}</p>`
      : '',
    inspection
      ? `<h2>The master</h2>${table(
          ['', ''],
          [
            ['Picture', `${inspection.video.codec}, ${inspection.video.width} × ${inspection.video.height}`],
            ['Length', seconds(inspection.durationS)],
            ['Sound', inspection.audio.map(({ codec, language }) => `${codec} (${language})`).join(', ')],
            ['Captions', inspection.text.map(({ codec, language }) => `${codec} (${language})`).join(', ')],
            ['Notes', inspection.notes.join('; ')],
          ],
        )}`
      : '',
    ladder
      ? `<h2>Ladder, quality in ${escapeXml(ladder.metric)}</h2>${table(
          ['Rung', 'Size', 'CRF', 'kbit/s', 'Quality'],
          ladder.chosen.map((rung) => [
            rung.name,
            `${rung.width} × ${rung.height}`,
            number(rung.crf),
            number(Math.round(rung.bitsPerS / 1000)),
            number(rung.quality),
          ]),
        )}`
      : '',
    '<h2>Tasks</h2>',
    table(
      ['Task', 'Kind', 'State', 'Attempts', 'Worker', 'Processor', 'Bytes', 'Failure'],
      tasks.map(taskRow),
    ),
    '</body></html>\n',
  ].join('\n');
}

function costTable({ estimate, revised, actual, endedAt }: JobDetail['job']): string {
  const rows = [
    ['Processor time', seconds, 'cpuS'],
    ['Time by the clock', seconds, 'wallS'],
    ['Bytes published', number, 'bytes'],
    ['Compute, in the currency of the prices', money, 'money'],
  ] as const;
  return table(
    ['', 'Before it started', 'When its renditions were chosen', 'Actual', 'Off by'],
    rows
      .filter(([, , name]) => name !== 'money' || actual.money !== undefined)
      .map(([label, told, name]) => {
        const [first = null, then = null, real = null] = [estimate[name], revised?.[name], actual[name]];
        const cells = [label, told(first), told(then), told(real)];
        return [...cells, endedAt === null ? 'not ended' : offBy(first, real)];
      }),
  );
}

function taskRow(task: JobTask): string[] {
  const failure = task.lastFailure;
  return [
    ...[task.name, task.kind, task.reused ? `${task.state}, taken over` : task.state, String(task.attempt)],
    ...[task.worker ?? '', seconds(task.cpuS), number(task.bytes)],
    failure ? `${failure.code}: ${failure.message}` : '',
  ];
}

const countsText = (counts: JobDetail['job']['tasks']) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const top = head.some((cell) => cell !== '')
    ? `<tr>${head.map((cell) => `<th scope="col">${escapeXml(cell)}</th>`).join('')}</tr>`
    : '';
  const body = rows.map(
    ([first = '', ...rest]) =>
      `<tr><th scope="row">${escapeXml(first)}</th>${rest.map((cell) => `<td>${escapeXml(cell)}</td>`).join('')}</tr>`,
  );
  return `<table>${top}${body.join('')}</table>`;
}

const seconds = (value: number | null) => (value === null ? '' : `${value.toFixed(1)} s`);
const number = (value: number | null) => (value === null ? '' : value.toLocaleString('en'));
const money = (value: number | null) => (value === null ? '' : value.toPrecision(3));
