/** The loads that are compared server by server, as a table. How they are measured is in compare.ts. */
import type { Comparison } from './compare.ts';
import { objectName } from './object-names.ts';

const SMALL = objectName(10 * 1024);
const SEGMENT = objectName(1024 * 1024);
const LARGE = objectName(4 * 1024 * 1024);

export const COMPARISONS: readonly Comparison[] = [
  {
    ...{ id: '10k-c16', work: '10 KB hit, 16 connections', door: 'plain', objects: [SMALL] },
    load: { client: 'wrk', connections: 16 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.5' }],
  },
  {
    ...{ id: '10k-c256', work: '10 KB hit, 256 connections', door: 'plain', objects: [SMALL] },
    load: { client: 'wrk', connections: 256 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.5' }],
  },
  {
    ...{ id: '304', work: '304 by If-None-Match', door: 'plain', objects: [SMALL] },
    load: { client: 'wrk', connections: 16, headers: { 'if-none-match': '"2800-0"' } },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.05' }],
  },
  {
    ...{ id: 'range', work: '64 KiB range of 4 MB', door: 'ranges', objects: [LARGE] },
    load: { client: 'wrk', connections: 16, headers: { range: 'bytes=0-65535' } },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.1' }],
  },
  {
    ...{ id: '1m', work: '1 MB hit, bodies discarded', door: 'plain', objects: [SEGMENT] },
    load: { client: 'sink', connections: 16 },
    figure: 'requests/s',
    goals: [
      { peer: 'nginx', factor: '>= 0.85' },
      { peer: 'trafficserver', factor: '>= 1.4' },
      { peer: 'varnish', factor: '>= 1.4' },
    ],
  },
  {
    ...{ id: '1m-tls', work: '1 MB hit, TLS 1.3', door: 'tls', objects: [SEGMENT] },
    load: { client: 'h1-tls', connections: 16 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.3' }],
  },
  {
    ...{ id: '10k-tls', work: '10 KB hit, TLS 1.3', door: 'tls', objects: [SMALL] },
    load: { client: 'h1-tls', connections: 16 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.05' }],
  },
  {
    ...{ id: '10k-h2', work: '10 KB hit, HTTP/2 over TLS', door: 'tls', objects: [SMALL] },
    load: { client: 'h2-tls', connections: 16 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 0.6' }],
  },
  {
    ...{ id: '1m-h2', work: '1 MB hit, HTTP/2 over TLS', door: 'tls', objects: [SEGMENT] },
    load: { client: 'h2-tls', connections: 16 },
    figure: 'requests/s',
    goals: [{ peer: 'nginx', factor: '>= 1.35' }],
  },
];
