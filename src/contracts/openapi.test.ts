import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registerEdge } from './edges.ts';
import type { Endpoint } from './endpoint.ts';
import { openApiDocument } from './openapi.ts';
import { publicEndpoints } from './public-endpoints.ts';

const info = { title: 'Matinee', version: '1.2.3' };
const document = JSON.parse(JSON.stringify(openApiDocument(publicEndpoints, info)));

test('every public endpoint is described once, with its id', () => {
  assert.match(document.openapi, /^3\.1/);
  assert.deepEqual(document.info.version, '1.2.3');
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
  );
  assert.deepEqual(ids.toSorted(), publicEndpoints.map(({ id }) => id).toSorted());
});

test('what a caller needs to know of the fixed points is there', () => {
  const list = document.paths['/api/titles'].get;
  assert.deepEqual(
    list.parameters.map(({ name, in: place }: { name: string; in: string }) => `${place}:${name}`).toSorted(),
    ['query:after', 'query:limit', 'query:search', 'query:state'],
  );
  const schema = list.responses['200'].content['application/json'].schema;
  assert.equal(schema.properties.titles.items.$ref, '#/components/schemas/Title');
  const title = document.components.schemas.Title;
  assert.deepEqual(title.properties.state.enum, ['uploading', 'ingesting', 'playable', 'ready', 'refused']);
  assert.equal(title.properties.progress.maximum, 1);
  const play = document.paths['/api/titles/{id}/play'].post;
  assert.equal(play.parameters[0].in, 'path');
  assert.ok(play.requestBody.content['application/json'].schema);
  for (const status of ['200', '404', '409', '503']) assert.ok(play.responses[status], status);
  assert.match(play.responses['409'].description, /conflict/);
});

test('every reference leads somewhere', () => {
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [name, child] of Object.entries(value)) {
      if (name !== '$ref') {
        walk(child);
        continue;
      }
      let at: unknown = document;
      for (const part of String(child).slice(2).split('/')) at = (at as Record<string, unknown>)?.[part];
      assert.ok(at, String(child));
    }
  };
  walk(document);
});

test('an internal endpoint never gets into the public document', () => {
  assert.throws(() => openApiDocument([registerEdge as unknown as Endpoint], info), /internal/);
});
