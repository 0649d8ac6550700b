import { chromium, type Locator, type Page } from 'playwright-core';

export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings on the console, exceptions, and answers of 400 and more. */
  readonly complaints: readonly string[];
  /** The origins that the page sent requests to. */
  readonly origins: ReadonlySet<string>;
  close(): Promise<void>;
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a page in Debian's Chromium and records everything that goes wrong. */
export async function openPage(url: string): Promise<OpenPage> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, timeout: 120_000 });
  const page = await browser.newPage({ viewport: { width: 1400, height: 860 } });
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (/^(http|ws)/.test(request.url())) origins.add(new URL(request.url()).host);
  });
  page.on('websocket', (socket) => origins.add(new URL(socket.url()).host));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  return { page, complaints, origins, close: () => browser.close() };
}

/** Presses Tab until the element has the focus. That it can be reached by keyboard is part of the test. */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 100; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await target.page().keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${target}`);
}
