/** What the two versions of ListObjects share: entries and common prefixes as XML. */
import type { ListPage } from '../../ports/objects/objects.ts';
import { OWNER } from './operation.ts';
import { element, type Xml } from './xml-write.ts';

export function listContents(page: ListPage, encode: (name: string) => string, withOwner: boolean): Xml[] {
  const contents = page.entries.map((entry) =>
    element(
      'Contents',
      element('Key', encode(entry.key)),
      element('LastModified', entry.lastModified.toISOString()),
      element('ETag', entry.etag),
      element('Size', entry.size),
      withOwner ? ownerElement() : undefined,
      element('StorageClass', 'STANDARD'),
    ),
  );
  const prefixes = page.prefixes.map((prefix) =>
    element('CommonPrefixes', element('Prefix', encode(prefix))),
  );
  return [...contents, ...prefixes];
}

export function ownerElement(name = 'Owner'): Xml {
  return element(name, element('ID', OWNER.id), element('DisplayName', OWNER.name));
}

/** A page that holds nothing, for `max-keys=0`, which a store need not know. */
export const EMPTY_PAGE: ListPage = { entries: [], prefixes: [] };
