import assert from 'node:assert/strict';
import test from 'node:test';
import { nodesOf, readXml, textOf } from './xml-read.ts';
import { element, s3Document } from './xml-write.ts';

const etags = (text: string) =>
  nodesOf(readXml(text, 'CompleteMultipartUpload'), 'Part').map((part) => textOf(part, 'ETag'));

test('the parts of every client read the same: with and without namespace, quotes raw, named or numbered', () => {
  const part = (etag: string) => `<Part>\n <ETag>${etag}</ETag><PartNumber>1</PartNumber></Part>`;
  const body = `${part('&quot;e&quot;')}${part('&#34;e&#34;')}${part('&#x22;e&#x22;')}${part('"e"')}`;
  const expected = Array(4).fill('"e"');
  assert.deepEqual(etags(`<CompleteMultipartUpload>${body}</CompleteMultipartUpload>`), expected);
  const named = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body}</CompleteMultipartUpload>`;
  assert.deepEqual(etags(`<?xml version="1.0" encoding="UTF-8"?>\n${named}`), expected);
  const prefixed = named.replaceAll('<', '<a:').replaceAll('<a:/', '</a:').replace('xmlns=', 'xmlns:a=');
  assert.deepEqual(etags(prefixed), expected);
});

test('white space, markup and numbers in text are kept as they are', () => {
  const node = readXml('<Delete><Object><Key>  a &amp;lt; 007 </Key></Object></Delete>', 'Delete');
  assert.equal(textOf(nodesOf(node, 'Object')[0] ?? {}, 'Key'), '  a &lt; 007 ');
});

const BAD = [
  ['nothing', ''],
  ['another root', '<Other/>'],
  ['no end', '<Delete><Object>'],
  ['crossed ends', '<Delete><Object></Delete></Object>'],
  ['a document type', '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete/>'],
  ['an entity that XML does not have', '<Delete><Key>&nbsp;</Key></Delete>'],
  ['a character that does not exist', '<Delete><Key>&#x110000;</Key></Delete>'],
  ['a name that is not a name', '<Delete><__proto__>x</__proto__></Delete>'],
  ['depth without end', `<Delete>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</Delete>`],
] as const;

for (const [what, text] of BAD) {
  test(`refuses ${what}`, () => assert.throws(() => readXml(text, 'Delete'), { code: 'MalformedXML' }));
}

test('several where one is expected, and text where elements are, is refused', () => {
  const node = readXml('<Delete><Quiet>a</Quiet><Quiet>b</Quiet><Object>x</Object></Delete>', 'Delete');
  assert.throws(() => textOf(node, 'Quiet'), { code: 'MalformedXML' });
  assert.throws(() => nodesOf(node, 'Object'), { code: 'MalformedXML' });
});

test('text goes out escaped, control characters as references', () => {
  const text = s3Document('Result', element('Key', `<&>"'\r\u0001é`), undefined, element('Empty'));
  assert.match(text, /<Key>&lt;&amp;&gt;&quot;'&#xd;&#x1;é<\/Key><Empty><\/Empty><\/Result>$/);
});
