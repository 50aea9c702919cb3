/** What other services ask of the catalog. */
import type { Transport } from '../contracts/call.ts';
import {
  getPublication,
  getTitle,
  openTitle,
  publishTitle,
  reportTitle,
  withdrawPublication,
} from '../contracts/titles.ts';
import { type Client, createClient } from './client.ts';

const rows = { getPublication, getTitle, openTitle, publishTitle, reportTitle, withdrawPublication };
export type CatalogClient = Client<typeof rows>;
export const createCatalogClient = (transport: Transport): CatalogClient => createClient(rows, transport);
