/** The catalog's rows in PostgreSQL, and a title's row as the API tells it. */
import { createHash } from 'node:crypto';
import type { ColumnType, JSONColumnType, Selectable } from 'kysely';
import type { Publication, Title, TitleState } from '../../contracts/titles.ts';

export type TitleTable = {
  id: string;
  bucket: string;
  key: string;
  name: string;
  attribution: string | null;
  state: TitleState;
  stage: string;
  progress: number;
  eta_s: number | null;
  duration_s: number | null;
  playable_s: ColumnType<number | null, number | null | undefined, number | null>;
  width: number | null;
  height: number | null;
  reason: string | null;
  reason_code: string | null;
  bytes: number | null;
  bytes_expected: number | null;
  publication: JSONColumnType<Publication> | null;
  publication_number: ColumnType<number, number | undefined, number>;
  created_at: Date;
  updated_at: Date;
  removed_at: ColumnType<Date | null, undefined, Date>;
};

export type UploadTable = {
  id: string;
  title: string;
  key: string;
  /** Of the store; null for an empty file, which needs no parts, and until the store has opened it. */
  upload_id: string | null;
  name: string;
  size: number;
  type: string | null;
  part_bytes: number;
  completed: ColumnType<boolean, boolean | undefined, boolean>;
  created_at: Date;
};

export type CatalogTables = { 'catalog.titles': TitleTable; 'catalog.uploads': UploadTable };
export type TitleRow = Selectable<TitleTable>;
export type UploadRow = Selectable<UploadTable>;

export function titleOf(row: TitleRow): Title {
  const { publication } = row;
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    progress: row.progress,
    stage: row.stage,
    etaS: row.eta_s,
    durationS: row.duration_s,
    playableS: row.playable_s,
    width: row.width,
    height: row.height,
    reason: row.reason,
    reasonCode: row.reason_code,
    bytes: row.bytes,
    bytesExpected: row.bytes_expected,
    source: { bucket: row.bucket, key: row.key },
    poster: publication?.poster ? `/api/titles/${row.id}/artwork/${posterFile(publication.poster)}` : null,
    renditions: publication?.renditions ?? [],
    audioLanguages: publication?.audioLanguages ?? [],
    captionLanguages: publication?.captionLanguages ?? [],
    attribution: row.attribution,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** A name that changes when the image does and not before, so that caches may keep it for ever. */
export function posterFile(key: string): string {
  return `poster-${createHash('sha256').update(key).digest('hex').slice(0, 16)}.jpg`;
}
