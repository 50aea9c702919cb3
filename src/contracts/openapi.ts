/** The OpenAPI 3.1 document, printed from the endpoint rows that also validate. No I/O here. */
import type { ZodObject } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { ERRORS, type ErrorCode } from '../platform/errors.ts';
import { type Endpoint, errorReply } from './endpoint.ts';
import { getArtwork } from './titles.ts';

const JSON_TYPE = 'application/json';
/** What any endpoint may answer besides its own errors. */
const ALWAYS: readonly ErrorCode[] = ['internal', 'unavailable'];

export function openApiDocument(rows: readonly Endpoint[], info: { title: string; version: string }) {
  const paths: ZodOpenApiPathsObject = {};
  for (const row of rows) {
    if (row.internal) throw new Error(`${row.id} is internal and must not be in the public document`);
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operation(row) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
  });
}

function operation(row: Endpoint): ZodOpenApiOperationObject {
  const requestParams = {
    ...(row.params ? { path: row.params as ZodObject } : {}),
    ...(row.query ? { query: row.query as ZodObject } : {}),
  };
  return {
    operationId: row.id,
    summary: row.summary,
    ...(Object.keys(requestParams).length > 0 ? { requestParams } : {}),
    ...(row.body ? { requestBody: { content: { [JSON_TYPE]: { schema: row.body } } } } : {}),
    responses: { ...success(row), ...failures(row) },
  };
}

function success(row: Endpoint): ZodOpenApiOperationObject['responses'] {
  const status = row.status ?? 200;
  if (status === 204) return { '204': { description: 'Done; there is nothing to say.' } };
  const description = status === 202 ? 'Accepted; the work goes on.' : 'As asked for.';
  if (row.id === getArtwork.id) {
    const binary = { schema: { type: 'string' as const, format: 'binary' } };
    return { [`${status}`]: { description, content: { 'image/jpeg': binary } } };
  }
  return { [`${status}`]: { description, content: { [JSON_TYPE]: { schema: row.reply } } } };
}

/** One reply for each HTTP status, with the meanings of all codes that come with it. */
function failures(row: Endpoint): ZodOpenApiOperationObject['responses'] {
  const own: ErrorCode[] = [...(row.errors ?? []), ...ALWAYS];
  if (row.body || row.query || row.params) own.push('invalid_request');
  if (row.body) own.push('too_large');
  const byStatus = new Map<number, Set<string>>();
  for (const code of own) {
    const { status, meaning } = ERRORS[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(`\`${code}\`: ${meaning}`));
  }
  const content = { [JSON_TYPE]: { schema: errorReply } };
  return Object.fromEntries(
    [...byStatus].map(([status, texts]) => [`${status}`, { description: [...texts].join(' '), content }]),
  );
}
