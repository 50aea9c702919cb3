/** Counts the bytes of each title that viewers are replied with, for steering to know what is popular. No I/O here. */
import { STREAMED_TITLES_MAX, type StreamedTitles } from '../../../contracts/fill.ts';

/** Lives in a grant, so that counting costs a viewer's request one addition. */
export type Stream = { bytes: number };

const TITLES_MAX = 5000;
const TITLE = /^titles\/([A-Za-z0-9_-]{1,100})\//;

export class TitleStreams {
  readonly #streams = new Map<string, Stream>();

  /** The count of the title that a key belongs to. */
  of(key: string): Stream {
    const title = TITLE.exec(key)?.[1];
    const known = title === undefined ? undefined : this.#streams.get(title);
    if (known) return known;
    const stream = { bytes: 0 };
    if (title === undefined) return stream;
    const [oldest] = this.#streams.keys();
    if (this.#streams.size >= TITLES_MAX && oldest !== undefined) this.#streams.delete(oldest);
    this.#streams.set(title, stream);
    return stream;
  }

  /** What was streamed most since it was told, the most first. What has no place in it is told later. */
  take(): StreamedTitles {
    const most = [...this.#streams]
      .filter(([, { bytes }]) => bytes > 0)
      .toSorted((a, b) => b[1].bytes - a[1].bytes)
      .slice(0, STREAMED_TITLES_MAX);
    return most.map(([title, stream]) => {
      const { bytes } = stream;
      stream.bytes = 0;
      return { title, bytes };
    });
  }
}
