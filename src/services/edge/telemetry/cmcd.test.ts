/** CMCD in both of its ways, and everything that is not CMCD. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cmcdOfQuery, readCmcd } from './cmcd.ts';
import { pickFields } from './request-text.ts';

test('each key has its kind', () => {
  const text =
    'bl=21300,br=3200,bs,cid="a-b",d=4004,dl=18500,mtp=25400,nor="..%2F300kbps%2Fseg35.m4v",nrr="12323-48763",ot=v,' +
    'pr=1.08,rtp=12000,sf=h,sid="6e2fb550-c457-11e9-bb97-0800200c9a66",st=v,su=false,tb=6000,v=1,com.example-x="q\\"\\\\"';
  assert.deepEqual(readCmcd(text), {
    ...{ bl: 21300, br: 3200, bs: true, cid: 'a-b', d: 4004, dl: 18500, mtp: 25400 },
    ...{ nor: '../300kbps/seg35.m4v', nrr: '12323-48763', ot: 'v', pr: 1.08, rtp: 12000, sf: 'h' },
    ...{
      sid: '6e2fb550-c457-11e9-bb97-0800200c9a66',
      st: 'v',
      su: false,
      tb: 6000,
      v: 1,
      'com.example-x': 'q"\\',
    },
  });
});

test('a query holds it among others', () => {
  assert.deepEqual(cmcdOfQuery('a=1&CMCD=bl%3D1%2Csu&b=2'), { bl: 1, su: true });
  assert.deepEqual(cmcdOfQuery('CMCD=br%3D5'), { br: 5 });
  assert.equal(cmcdOfQuery('a=1'), undefined);
  assert.equal(cmcdOfQuery('xCMCD=br%3D5'), undefined);
  assert.equal(cmcdOfQuery('CMCD=%ff'), undefined);
  assert.equal(cmcdOfQuery('CMCD='), undefined);
});

test('four fields are one list', () => {
  const fields = [
    ['cmcd-object', 'br=3200'],
    ['cmcd-request', 'bl=100'],
    ['accept', '*/*'],
    ['cmcd-status', 'bs'],
    ['cmcd-session', 'sid="s"'],
  ] as const;
  assert.deepEqual(readCmcd(pickFields(fields, 'h').cmcd), { br: 3200, bl: 100, bs: true, sid: 's' });
});

test('malformed text gives nothing', () => {
  for (const text of [
    ...[
      '',
      ',',
      'bl=1,',
      'bl=,br=1',
      'bl=1,,br=2',
      'bl 1',
      'bl="x',
      'cid="a\nb"',
      'cid="\\x"',
      'cid="é"',
      '=1',
      '1=1',
    ],
    ...['bl=1;br=2', 'br=(1 2)', `cid="${'x'.repeat(3000)}"`, 'x'.repeat(65)],
    Array.from({ length: 40 }, (_, i) => `a-${i}=1`).join(','),
  ]) {
    assert.equal(readCmcd(text), undefined, text);
  }
});

test('a key with a value of another kind is left out, the others stay', () => {
  const text =
    `br=-1,bl=1.5,mtp=99999999999999,ot=zz,sf="h",su=1,cid=x,pr=a,tb=7,unknown=3,__proto__-x=1,` +
    `sid="${'s'.repeat(300)}"`;
  assert.equal(readCmcd(text), undefined);
  assert.deepEqual(readCmcd(text.replace('__proto__-x=1,', '')), { tb: 7 });
  assert.deepEqual(readCmcd('tb=7,tb=8'), { tb: 7 });
});
