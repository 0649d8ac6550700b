import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFaults } from '../../sandbox/control/faults.ts';
import { openKeep } from '../../sandbox/control/keep.ts';
import { createRequestLog, selectRecords, totalsOf } from '../../sandbox/control/log.ts';
import { createPoster } from '../../sandbox/control/post.ts';
import { controlPlugin } from '../../sandbox/control/routes.ts';
import type { Mail } from '../../sandbox/mail/mail.ts';
import { createServer, listen } from '../../sandbox/server.ts';
import type { Emulator, RequestRecord, Vendor } from '../../sandbox/world.ts';

describe('faults', () => {
  it('meets by vendor, account and operation, its beginning too, and is used up', () => {
    const faults = createFaults();
    faults.add({ vendor: 'google', account: 'A@x.example', operation: 'messages.*', status: 503, times: 2 });
    expect(faults.meet('microsoft', 'a@x.example', 'messages.get')).toBeNull();
    expect(faults.meet('google', 'b@x.example', 'messages.get')).toBeNull();
    expect(faults.meet('google', 'a@x.example', 'threads.get')).toBeNull();
    expect(faults.meet('google', 'a@x.example', 'messages.get')?.status).toBe(503);
    expect(faults.meet('google', 'a@x.example', 'messages.list')?.status).toBe(503);
    expect(faults.meet('google', 'a@x.example', 'messages.list')).toBeNull();
    expect(faults.list()).toEqual([]);
  });

  it('meets a share by count, the same each time', () => {
    const faults = createFaults();
    faults.add({ vendor: 'google', status: 429, share: 0.25 });
    const met = Array.from({ length: 8 }, () => faults.meet('google', null, 'token') !== null);
    expect(met).toEqual([false, false, false, true, false, false, false, true]);
  });

  it('lets go of what hangs when it is cleared, where that is asked for, and else never', async () => {
    const faults = createFaults();
    const id = faults.add({ vendor: 'google', hang: 'release', times: 1 });
    faults.add({ vendor: 'google', hang: true });
    const stuck = faults.meet('google', null, 'messages.get');
    expect(stuck?.hang).toBeUndefined();
    let isFree = false;
    const freed = stuck?.cleared?.then(() => {
      isFree = true;
    });
    expect(faults.meet('google', null, 'messages.get')).toEqual({ vendor: 'google', hang: true });
    await Promise.resolve();
    expect(isFree).toBe(false);
    expect(faults.remove(id)).toBe(true);
    await freed;
    expect(isFree).toBe(true);
  });

  it('keeps webhook faults and request faults apart', () => {
    const faults = createFaults();
    const id = faults.add({ vendor: 'google', webhook: 'lose' });
    faults.add({ vendor: 'google', status: 500 });
    expect(faults.meet('google', null, 'messages.get')?.status).toBe(500);
    expect(faults.meet('google', null, 'webhook')?.webhook).toBe('lose');
    expect(faults.remove(id)).toBe(true);
    expect(faults.meet('google', null, 'webhook')).toBeNull();
    faults.clear();
    expect(faults.meet('google', null, 'messages.get')).toBeNull();
  });
});

describe('the log', () => {
  const record = (
    startedAt: number,
    endedAt: number,
    over: Partial<RequestRecord> = {},
  ): Omit<RequestRecord, 'id'> => ({
    ...{
      vendor: 'google' as Vendor,
      account: 'a@x.example',
      method: 'GET',
      path: '/',
      operation: 'messages.list',
      status: 200,
    },
    ...{ units: 5, batch: null, startedAt, endedAt },
    ...over,
  });

  it('counts requests, batch parts, units and waves', () => {
    const log = createRequestLog();
    log.add(record(0, 10, { operation: 'token', units: 0 }));
    log.add(record(10, 50));
    const batch = log.add(record(60, 100, { operation: 'batch', units: 0 }));
    log.add(record(60, 100, { batch: batch.id }));
    log.add(record(60, 100, { batch: batch.id }));
    log.add(record(12, 90, { vendor: 'microsoft', units: 1 }));
    const totals = totalsOf(log.all());
    expect(totals).toMatchObject({ requests: 3, inner: 2, units: 16, waves: 2, identity: 1 });
    expect(totalsOf(selectRecords(log.all(), { vendor: 'microsoft' }))).toMatchObject({ requests: 1, waves: 1 });
    expect(selectRecords(log.all(), { since: batch.id })).toHaveLength(3);
  });

  it('lets the oldest go beyond its cap', () => {
    const log = createRequestLog(10);
    for (let i = 0; i < 55; i++) log.add(record(i, i));
    expect(log.all().map(({ id }) => id)).toEqual([46, 47, 48, 49, 50, 51, 52, 53, 54, 55]);
  });
});

it('keeps its state over a restart, and starts over from a broken file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-keep-'));
  const path = join(directory, 'deep', 'sandbox.json');
  const keep = openKeep(path);
  keep.set('grant', { scopes: ['a'] });
  keep.close();
  expect(openKeep(path).get('grant')).toEqual({ scopes: ['a'] });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ grant: { scopes: ['a'] } });
  writeFileSync(path, '{"grant":');
  expect(openKeep(path).get('grant')).toBeUndefined();
  rmSync(directory, { recursive: true });
});

describe('webhooks', () => {
  const close: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of close.splice(0)) await end();
  });
  async function receiver(statuses: number[]) {
    const got: string[] = [];
    const server = createHttpServer((request, response) => {
      got.push(String(request.headers['x-test']));
      response.writeHead(statuses.shift() ?? 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close.push(() => new Promise((resolve) => server.close(() => resolve())));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
  }
  it('are sent again until they are taken, lost or repeated as told, and never sent elsewhere', async () => {
    const faults = createFaults();
    const lines: string[] = [];
    const poster = createPoster({ faults, log: (line) => lines.push(line), retryMs: [5, 5] });
    close.push(() => poster.close());
    const { url, got } = await receiver([500, 403, 202]);
    const send = (name: string, to = url) =>
      poster.post('google', 'a@x.example', to, { headers: { 'x-test': name }, body: '{}' });

    send('one');
    await expect.poll(() => got).toEqual(['one', 'one', 'one']);
    faults.add({ vendor: 'google', webhook: 'lose', times: 1 });
    send('lost');
    faults.add({ vendor: 'google', webhook: 'repeat', times: 1 });
    send('twice');
    send('far', 'http://192.0.2.1/hook');
    send('near', 'http://localhost.example/hook');
    send('last');
    await expect.poll(() => got.slice(3).sort()).toEqual(['last', 'twice', 'twice']);
    expect(lines).toHaveLength(2);
  });

  it('are given up after a few tries, with one line', async () => {
    const lines: string[] = [];
    const poster = createPoster({ faults: createFaults(), log: (line) => lines.push(line), retryMs: [1] });
    close.push(() => poster.close());
    const { url, got } = await receiver([500, 500, 500]);
    poster.post('microsoft', 'a@x.example', url, { headers: {}, body: '' });
    await expect.poll(() => lines).toEqual([expect.stringContaining('given up after 2 tries')]);
    expect(got).toHaveLength(2);
  });
});

describe('the server', () => {
  it.each([
    ['127.0.0.1:4001', 200],
    ['localhost', 200],
    ['LOCALHOST:9', 200],
    ['[::1]:4001', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:4001', 403],
    ['evil.example:127.0.0.1', 403],
    ['127.0.0.2', 403],
  ])('answers Host: %s with %i', async (host, status) => {
    const app = createServer();
    app.get('/', async () => 'ok');
    expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(status);
    expect((await app.inject({ url: '/nowhere', headers: { host } })).statusCode).toBe(status === 200 ? 404 : 403);
    await app.close();
  });

  it('says in one line that its port is taken', async () => {
    const first = createServer();
    const url = await listen(first, '127.0.0.1', 0);
    const port = Number(new URL(url).port);
    await expect(listen(createServer(), '127.0.0.1', port)).rejects.toThrow(
      new RegExp(`^SANDBOX_PORT: port ${port} is taken.*$`),
    );
    await first.close();
  });
});

describe('the control API', () => {
  function start() {
    const delivered: Mail[] = [];
    const told: string[] = [];
    const emulator = (vendor: Vendor, accounts: string[]): Emulator => ({
      vendor,
      accounts: () => accounts,
      createAccount: (address) => void accounts.push(address),
      fill: (_account, mails) => void delivered.push(...mails),
      deliver: (_account, mail) => `id-${delivered.push(mail)}`,
      expireTokens: () => undefined,
      refuseTokens: () => undefined,
      revoke: () => undefined,
      expireHistory: () => undefined,
      dropWatches: () => undefined,
      silenceWatches: () => undefined,
      setSearchLag: () => undefined,
      setSearchIndex: (account, index) => void told.push(`${account} ${JSON.stringify(index)}`),
      setSending: () => true,
      touch: () => undefined,
      stampOf: () => '',
      piecesOf: () => [],
      restore: () => undefined,
      ...(vendor === 'google' && {
        setBatchWidth: (account: string, parts: number) => void told.push(`${account} ${parts}`),
        setSubjectThreads: (account: string, threads: string) => void told.push(`${account} ${threads}`),
      }),
      dump: () => [{ id: 'm1', internetMessageId: null, mailbox: 'INBOX', isDraft: false }],
    });
    const faults = createFaults();
    const app = createServer();
    app.register(
      controlPlugin({
        emulators: [emulator('google', ['a@x.example']), emulator('microsoft', [])],
        ...{
          log: createRequestLog(),
          faults,
          now: () => new Date(0),
          print: () => undefined,
          addAccount: () => undefined,
        },
      }),
      { prefix: '/control' },
    );
    const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
      const response = await app.inject({
        method,
        url,
        headers: { host: 'localhost' },
        ...(payload ? { payload } : {}),
      });
      return { status: response.statusCode, body: response.json() };
    };
    return { app, call, delivered, faults, told };
  }

  it('delivers raw mail and mail of fields', async () => {
    const { call, delivered } = start();
    const raw = 'Subject: raw\r\nMessage-ID: <r@x.example>\r\n\r\nhello';
    expect((await call('POST', '/control/deliver', { vendor: 'google', raw })).body).toEqual({
      id: 'id-1',
      internetMessageId: '<r@x.example>',
    });
    const fields = {
      vendor: 'google',
      account: 'A@x.example',
      from: 'Zoë <zoe@x.example>',
      subject: 'Grüße',
      html: '<b>x</b>',
      mailbox: { name: 'Work' },
    };
    expect((await call('POST', '/control/deliver', fields)).status).toBe(200);
    expect(delivered[1]?.envelope).toMatchObject({
      subject: 'Grüße',
      from: { name: 'Zoë' },
      to: [{ address: 'a@x.example' }],
    });
    expect(delivered[1]?.placement.mailbox).toEqual({ name: 'Work' });
  });

  it.each([
    ['/control/deliver', { vendor: 'google' }, /raw/],
    [
      '/control/deliver',
      { vendor: 'google', from: 'a@x.example', subject: 'a\r\nBcc: b@x.example' },
      /subject: must be one line/,
    ],
    ['/control/deliver', { vendor: 'google', account: 'b@x.example', raw: 'x' }, /it has a@x.example/],
    ['/control/deliver', { vendor: 'microsoft', raw: 'x' }, /POST \/control\/accounts/],
    ['/control/faults', { vendor: 'google', statsu: 500 }, /statsu/],
    ['/control/faults', { vendor: 'google' }, /says nothing to do/],
    ['/control/faults', { vendor: 'yahoo', status: 500 }, /vendor/],
    ['/control/touch', { vendor: 'google', id: 'm2', change: 'read' }, /no message m2/],
    ['/control/accounts', { vendor: 'google', address: 'a@x.example' }, /already/],
    ['/control/limits', { vendor: 'google' }, /give one of maxMessageBytes and batchWidth/],
    ['/control/limits', { vendor: 'google', maxMessageBytes: 1 }, /is the same for all/],
    ['/control/limits', { vendor: 'microsoft', batchWidth: 25 }, /no part of a batch of microsoft/],
    ['/control/threading', { vendor: 'microsoft', subjects: 'join' }, /it is known what microsoft joins/],
    ['/control/search-index', { vendor: 'google', order: 'received' }, /order: nothing of it is open at google/],
    [
      '/control/search-index',
      { vendor: 'google', forms: 'beginnings' },
      /forms: at google must be one of whole, stems/,
    ],
    ['/control/search-index', { vendor: 'microsoft', sender: 'found' }, /only accents, forms, order/],
  ])('refuses %s %j with what to do', async (url, payload, message) => {
    const { call } = start();
    const answer = await call('POST', url, payload);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(message);
  });

  it('tells an account how wide its batches may be, and what its threads and its index are made of', async () => {
    const { call, told } = start();
    const width = { vendor: 'google', batchWidth: 25 };
    expect((await call('POST', '/control/limits', width)).body).toEqual({ accounts: ['a@x.example'], batchWidth: 25 });
    expect((await call('POST', '/control/threading', { vendor: 'google', subjects: 'apart' })).status).toBe(200);
    const index = { vendor: 'google', accents: 'kept', forms: 'stems' };
    expect((await call('POST', '/control/search-index', index)).status).toBe(200);
    expect(told).toEqual(['a@x.example 25', 'a@x.example apart', 'a@x.example {"accents":"kept","forms":"stems"}']);
  });

  it('adds, lists and clears faults, and has a manual', async () => {
    const { app, call, faults } = start();
    expect((await call('POST', '/control/faults', { vendor: 'google', status: 503, times: 1 })).body).toEqual({
      id: 1,
    });
    expect((await call('GET', '/control/faults')).body).toHaveLength(1);
    expect((await call('DELETE', '/control/faults')).status).toBe(200);
    expect(faults.list()).toEqual([]);
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    faults.add({ vendor: 'google', status: 503 });
    expect((await app.inject({ method: 'DELETE', url: '/control/faults', headers })).statusCode).toBe(200);
    expect(faults.list()).toEqual([]);
    const manual = JSON.stringify((await call('GET', '/control')).body);
    for (const name of [
      'deliver',
      'faults',
      'revoke',
      'expire-tokens',
      'expire-history',
      'drop-watches',
      'search-lag',
      'touch',
      'log',
      'dump',
    ]) {
      expect(manual).toContain(`/control/${name}`);
    }
  });
});
