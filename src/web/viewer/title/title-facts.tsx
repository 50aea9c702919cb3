/** What there is to know of a film, set like the billing block of a poster. */
import type { Title } from '../../../contracts/titles.ts';
import { formatBytes, formatDay, formatDuration, languageNames } from '../../ui/formats.ts';
import { sortedRenditions } from '../library/title-words.ts';

export function TitleFacts({ title }: { title: Title }) {
  const facts = factsOf(title).filter((fact): fact is readonly [string, string] => fact[1] !== null);
  return (
    <footer className="facts">
      <dl className="billing">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="facts-source">
        <span className="visually-hidden">Source: </span>
        <code>{`s3://${title.source.bucket}/${title.source.key}`}</code>
      </p>
      {title.attribution === null ? null : <p className="facts-credit">{title.attribution}</p>}
    </footer>
  );
}

function factsOf(title: Title): ReadonlyArray<readonly [string, string | null]> {
  const { durationS, width, height, bytes, renditions, audioLanguages, captionLanguages } = title;
  const some = (list: readonly string[], words: string) => (list.length > 0 ? words : null);
  return [
    ['running time', durationS === null ? null : formatDuration(durationS)],
    ['picture', width && height ? `${width} × ${height}` : null],
    ['plays in', some(renditions, sortedRenditions(renditions).join(', '))],
    ['sound in', some(audioLanguages, languageNames(audioLanguages))],
    ['captions in', some(captionLanguages, languageNames(captionLanguages))],
    ['size of the master', bytes === null ? null : formatBytes(bytes)],
    ['in the library since', formatDay(title.createdAt)],
  ];
}
