import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { graphql } from '../generated/gql.ts';
import { type SetFault, startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
const logged: string[] = [];
beforeAll(async () => {
  app = await startApp({ messages: 10, log: createLog('error', { write: (line) => void logged.push(line) }) });
});
afterAll(() => app.close());

const HOSTILE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const raw = [
  'From: Mallory <mallory@evil.example>',
  'To: demo@postern.test',
  'Subject: files',
  'Message-ID: <files@evil.example>',
  'Date: Mon, 05 Jan 2026 10:00:00 +0000',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p onclick="steal()">Hi <script>alert(1)</script><img src="cid:dot@evil"><img src="https://tracker.evil.example/pixel.gif"><a href="javascript:alert(2)">x</a><a href="https://ok.example/">ok</a><form action="https://evil.example"><input name=p></form><iframe src="https://evil.example"></iframe><style>@import "https://evil.example/x.css"; .cover{display:none}</style><div style="position:fixed;top:0;background:url(https://evil.example/bg)">cover</div></p>',
  '--r',
  'Content-Type: image/png',
  'Content-ID: <dot@evil>',
  'Content-Disposition: inline; filename=dot.png',
  'Content-Transfer-Encoding: base64',
  '',
  PNG.toString('base64'),
  '--r--',
  '--b',
  'Content-Type: image/svg+xml',
  "Content-Disposition: attachment; filename*=utf-8''%E8%AB%8B%E6%B1%82%22%0d%0aX-Evil%3a%20yes.svg",
  'Content-Transfer-Encoding: base64',
  '',
  HOSTILE.toString('base64'),
  '--b',
  'Content-Type: text/html',
  'Content-Disposition: attachment; filename="page.html"',
  '',
  '<script>alert(1)</script>',
  '--b--',
  '',
].join('\r\n');
const READ =
  graphql(`query ($search: String) { viewer { messages(first: 2, search: $search) { nodes { id integration { provider { id } } raw { url expiresAt }
  body { text html remote: html(remoteImages: true) unsafeHtml } inline: attachments(inline: true) { contentId mimeType download { url } } files: attachments(inline: false) { filename mimeType sizeBytes download { url expiresAt } } } } } }`);

it('HEAD of a link answers with the headers of GET, asks the provider nothing and uses nothing up', async () => {
  const { viewer } = await app.data(graphql(`{ viewer { messages(first: 1) { nodes { raw { url } } } } }`));
  const url = viewer.messages.nodes[0]?.raw.url ?? '';
  const requestCount = async () => (await app.control<unknown[]>('/log')).length;
  const before = await requestCount();
  const heads = await Promise.all(Array.from({ length: 8 }, () => fetch(url, { method: 'HEAD' })));
  expect(await requestCount()).toBe(before);
  const get = await fetch(url);
  expect(await get.text()).not.toBe('');
  for (const head of heads) {
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    for (const name of ['content-type', 'content-disposition', 'content-security-policy', 'x-content-type-options'])
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  }
  const forged = await fetch(`${app.url}/download/forged`, { method: 'HEAD' });
  expect([forged.status, await forged.text()]).toEqual([404, '']);
});

it('serves attachments and raw mail as downloads that cannot run in our origin, and shows only safe HTML', async () => {
  await app.control('/deliver', { vendor: 'google', account: 'demo@gmail.example', raw });
  await app.control('/deliver', { vendor: 'microsoft', account: 'demo@outlook.example', raw });
  const { viewer } = await app.data(READ, { search: 'from:mallory@evil.example' });
  expect(viewer.messages.nodes).toHaveLength(2);
  for (const message of viewer.messages.nodes) {
    const { html, remote, unsafeHtml } = message.body;
    expect(unsafeHtml).toContain('<script>');
    for (const shown of [html, remote]) {
      expect(shown).toContain('Hi');
      expect(shown).toContain('https://ok.example/');
      expect(shown).not.toMatch(
        /script|onclick|javascript:|<form|<input|<iframe|@import|position|evil\.example\/(bg|x\.css)|cid:/i,
      );
    }
    expect(html).not.toContain('tracker.evil.example');
    expect(remote).toContain('tracker.evil.example');
    const image = /src="([^"]*\/download\/[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const dot = await fetch(image);
    expect(dot.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await dot.arrayBuffer())).toEqual(PNG);

    expect(message.files.map((f) => f.mimeType)).toEqual(['image/svg+xml', 'text/html']);
    for (const [i, expected] of [HOSTILE.toString(), '<script>alert(1)</script>'].entries()) {
      const response = await fetch(message.files[i]?.download.url ?? '');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('content-security-policy')).toContain('sandbox');
      expect(response.headers.get('x-evil')).toBeNull();
      expect(response.headers.get('cache-control')).toMatch(/private|no-store/);
      expect((await response.text()).trim()).toBe(expected);
    }
    const source = await fetch(message.raw.url);
    expect(source.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(await source.text()).toContain('Message-ID: <files@evil.example>');
    expect(Date.parse(message.raw.expiresAt) - Date.now()).toBeLessThanOrEqual(3600_000);
  }
});

it('refuses a link that was changed, made up, or belongs to a mailbox that was disconnected', async () => {
  const fresh = await app.user('downloader');
  const integration = await app.connect(fresh.token, 'GMAIL', 'files@gmail.example');
  await app.control('/deliver', { vendor: 'google', account: 'files@gmail.example', raw });
  const { viewer } = await app.data(READ, {}, fresh.token);
  const url = viewer.messages.nodes[0]?.raw.url ?? '';
  expect((await fetch(url)).status).toBe(200);
  const token = new URL(url).pathname.split('/')[2] ?? '';
  const changed = `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`;
  for (const bad of [
    url.replace(token, changed),
    `${app.url}/download/garbage`,
    `${app.url}/download/${'A'.repeat(5000)}`,
    `${app.url}/download/..%2f..%2fetc%2fpasswd`,
  ]) {
    const { status } = await fetch(bad);
    expect([403, 404, 410, 414]).toContain(status);
  }
  await app.data(
    graphql(`mutation ($i: ID!) { disconnect(input: { integration: $i }) { userErrors { message } } }`),
    { i: integration },
    fresh.token,
  );
  expect((await fetch(url)).status).toBeGreaterThanOrEqual(400);
});

describe.each([
  ['OUTLOOK', 'microsoft', 'unread@outlook.example', 3],
  ['GMAIL', 'google', 'unread@gmail.example', 5],
])('downloads from %s that nobody reads', (provider, vendor, account, stillUnread) => {
  const LARGE = 16 * 1024 * 1024;
  const CLIENTS = 5;
  const PAGE = graphql(`{ viewer { messages(first: 10) { nodes { id subject body { text } } sources { state } } } }`);
  const large = [
    'From: Files <files@postern.example>',
    `To: ${account}`,
    'Subject: large',
    `Message-ID: <large@${account}>`,
    'Date: Mon, 05 Jan 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Disposition: attachment; filename=large.bin',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.alloc(LARGE, 7).toString('base64').replace(/.{76}/g, '$&\r\n'),
    '--b--',
    '',
  ].join('\r\n');

  it('log nothing when their client hangs up before the provider answers', async () => {
    const owner = await app.user(`left-${vendor}`);
    const left = account.replace('unread', 'left');
    await app.connect(owner.token, provider, left);
    await app.control('/deliver', { vendor, account: left, raw });
    const { viewer } = await app.data(READ, {}, owner.token);
    const [message] = viewer.messages.nodes;
    await app.synced(owner.token);
    logged.length = 0;
    await app.control('/faults', { vendor, hang: 'release' });
    const met = async () => (await app.control<SetFault[]>('/faults'))[0]?.met;
    for (const [index, url] of [message?.raw.url ?? '', message?.files[0]?.download.url ?? ''].entries()) {
      const client = unread(url);
      await expect.poll(met).toBeGreaterThan(index);
      client.socket.destroy();
      await client.closed;
    }
    await app.control('/faults', undefined, 'DELETE');
    expect((await fetch(message?.files[0]?.download.url ?? '')).status).toBe(200);
    expect(logged).toEqual([]);
  });

  /** Opens a connection that requests a file and does not read it until the socket is resumed. */
  function unread(url: string) {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}).pause();
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    let bytes = 0;
    const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(bytes)));
    socket.on('data', (piece) => {
      bytes += piece.length;
    });
    socket.pause();
    return { socket, closed };
  }

  it('do not block the inbox, and give way to a file that is read', async () => {
    const owner = await app.user(`unread-${vendor}`);
    await app.connect(owner.token, provider, account);
    await app.synced(owner.token);
    for (let n = 0; n < 12; n++)
      await app.control('/deliver', { vendor, account, raw: raw.replace('<files@', `<small-${n}@`) });
    await app.control('/deliver', { vendor, account, raw: large });
    const { viewer } = await app.data(READ, { search: 'subject:large' }, owner.token);
    const url = viewer.messages.nodes[0]?.files[0]?.download.url ?? '';
    await app.synced(owner.token);
    await app.control('/log', undefined, 'DELETE');
    const clients = Array.from({ length: CLIENTS }, () => unread(url));
    const underWay = async () =>
      (await app.control<{ records: { path: string }[] }>(`/log?vendor=${vendor}&limit=1000`)).records;
    try {
      await expect.poll(async () => JSON.stringify(await underWay())).toMatch(/attachments/);
      const page = await app.data(PAGE, {}, owner.token);
      expect(page.viewer.messages.nodes).toHaveLength(10);
      expect(page.viewer.messages.sources).toEqual([{ state: 'COMPLETE' }]);

      // The others hang up: with five unread files, Outlook's would be cut off in two rounds, which on a busy machine
      // took longer than the 30 s that a file waits.
      for (const { socket } of clients.splice(stillUnread)) socket.destroy();
      const read = await fetch(url);
      expect(read.status).toBe(200);
      expect((await read.arrayBuffer()).byteLength).toBe(LARGE);
      for (const { socket } of clients) socket.resume();
      const refused = (await app.control<{ records: { status: number }[] }>(`/log?vendor=${vendor}&limit=1000`))
        .records;
      expect(refused.filter(({ status }) => status === 429)).toEqual([]);
      // A file that gave way was cut off after what the kernels had buffered of it.
      expect(await Promise.race(clients.map(({ closed }) => closed))).toBeLessThan(LARGE);
    } finally {
      for (const { socket } of clients) socket.destroy();
    }
  });
});
