/** For tests only: a catalog in memory that records what it was told. */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { Publication } from '../../contracts/titles.ts';
import { MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';

export type Told = Parameters<CatalogClient['reportTitle']>[0]['body'];
export type FakeTitle = {
  id: string;
  bucket: string;
  key: string;
  /** Everything that it was told, the newest last, and all of it put together. */
  reports: Told[];
  now: Told;
  publications: Publication[];
  /** The last publication was taken back. */
  withdrawn: boolean;
};

export type FakeCatalog = {
  client: CatalogClient;
  titles: Map<string, FakeTitle>;
  titleOf(key: string): FakeTitle | undefined;
  /** Makes every call fail while true; `failPublish` only the switch. */
  away: boolean;
  failPublish: boolean;
};

export function createFakeCatalog(): FakeCatalog {
  const titles = new Map<string, FakeTitle>();
  const check = () => {
    if (fake.away) throw new MatineeError('unavailable', 'the catalog is away');
  };
  const find = (id: string) => {
    check();
    const title = titles.get(id);
    if (!title) throw new MatineeError('not_found', 'no such title');
    return title;
  };
  const unused = async () => {
    throw new Error('the studio does not ask this');
  };
  const client: CatalogClient = {
    async openTitle({ body: { bucket, key } }) {
      check();
      const known = [...titles.values()].find((title) => title.bucket === bucket && title.key === key);
      if (known) return { id: known.id, created: false };
      const id = newId();
      titles.set(id, { id, bucket, key, reports: [], now: {}, publications: [], withdrawn: false });
      return { id, created: true };
    },
    async reportTitle({ params, body }) {
      const title = find(params.id);
      title.reports.push(body);
      title.now = { ...title.now, ...body };
      return {};
    },
    async publishTitle({ params, body }) {
      const title = find(params.id);
      if (fake.failPublish) throw new MatineeError('unavailable', 'the catalog is away');
      title.publications.push(body);
      return {};
    },
    async withdrawPublication({ params }) {
      const title = find(params.id);
      if (title.publications.at(-1)?.number === params.number) title.withdrawn = true;
      return {};
    },
    getPublication: unused,
    getTitle: unused,
  };
  const fake: FakeCatalog = {
    client,
    titles,
    titleOf: (key) => [...titles.values()].find((title) => title.key === key),
    away: false,
    failPublish: false,
  };
  return fake;
}
