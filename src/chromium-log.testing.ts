/** For tests only: a page of Chromium, with all that its console and its media pipeline complain about. */
import type { Browser, Page } from 'playwright-core';

export type LoggedPage = { page: Page; complaints: string[] };

export async function openLoggedPage(browser: Browser, url: string): Promise<LoggedPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  const devtools = await page.context().newCDPSession(page);
  devtools.on('Media.playerMessagesLogged', ({ messages }) => {
    for (const { level, message } of messages)
      if (level === 'warning' || level === 'error') complaints.push(`media: ${message}`);
  });
  devtools.on('Media.playerErrorsRaised', ({ errors }) =>
    complaints.push(`media: ${JSON.stringify(errors)}`),
  );
  await devtools.send('Media.enable');
  await page.goto(url);
  return { page, complaints };
}
