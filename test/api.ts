/** The viewer's API as a test calls it: plain fetch, and waiting for states. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Play } from '../src/contracts/plays.ts';
import type { Title } from '../src/contracts/titles.ts';

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  assert.equal(response.status, 200, `GET ${url}: ${response.status}`);
  return (await response.json()) as T;
}

export async function postJson<T>(url: string, body: unknown, status = 200): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, status, `POST ${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

export async function titles(web: string): Promise<Title[]> {
  return (await getJson<{ titles: Title[] }>(`${web}/api/titles`)).titles;
}

export async function titleOf(web: string, bucket: string, key: string): Promise<Title | undefined> {
  return (await titles(web)).find(({ source }) => source.bucket === bucket && source.key === key);
}

/** Waits until a title has come to one of these states; gives back every distinct state seen on the way. */
export async function waitForState(
  web: string,
  source: { bucket: string; key: string },
  states: ReadonlyArray<Title['state']>,
  limitMs = 120_000,
): Promise<{ title: Title; seen: Array<Pick<Title, 'state' | 'progress' | 'stage'>> }> {
  const deadline = Date.now() + limitMs;
  const seen: Array<Pick<Title, 'state' | 'progress' | 'stage'>> = [];
  for (;;) {
    const title = await titleOf(web, source.bucket, source.key);
    if (title) {
      seen.push({ state: title.state, progress: title.progress, stage: title.stage });
      if (states.includes(title.state)) return { title, seen };
    }
    if (Date.now() > deadline)
      throw new Error(
        `${source.key} never became ${states}: ${JSON.stringify(seen.slice(-3))} ${JSON.stringify(title)}`,
      );
    await sleep(200);
  }
}

export async function play(web: string, id: string): Promise<Play> {
  return postJson<Play>(`${web}/api/titles/${id}/play`, {});
}
