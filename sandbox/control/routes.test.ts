import { expect, it } from 'vitest';
import type { Mail } from '../mail/mail.ts';
import { createServer } from '../server.ts';
import type { Emulator, Vendor } from '../world.ts';
import { createFaults } from './faults.ts';
import { createRequestLog } from './log.ts';
import { controlPlugin } from './routes.ts';

function start() {
  const delivered: Mail[] = [];
  const calls: string[] = [];
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
    spoilChanges: () => undefined,
    dropWatches: () => undefined,
    silenceWatches: () => undefined,
    setSearchLag: () => undefined,
    setSearchIndex: (account, index) => void calls.push(`${account} ${JSON.stringify(index)}`),
    setSending: () => true,
    touch: () => undefined,
    stampOf: () => '',
    piecesOf: () => [],
    restore: () => undefined,
    ...(vendor === 'google' && {
      setBatchWidth: (account: string, parts: number) => void calls.push(`${account} ${parts}`),
      setSubjectThreads: (account: string, threads: string) => void calls.push(`${account} ${threads}`),
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
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
  };
  return { app, call, delivered, faults, calls };
}

it('delivers raw mail and mail composed from fields', async () => {
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
  ['/control/deliver', { vendor: 'google', account: 'b@x.example', raw: 'x' }, /its accounts are a@x.example/],
  ['/control/deliver', { vendor: 'microsoft', raw: 'x' }, /POST \/control\/accounts/],
  ['/control/faults', { vendor: 'google', statsu: 500 }, /statsu/],
  ['/control/faults', { vendor: 'google' }, /must have at least one of status/],
  ['/control/faults', { vendor: 'yahoo', status: 500 }, /vendor/],
  ['/control/touch', { vendor: 'google', id: 'm2', change: 'read' }, /no message m2/],
  ['/control/accounts', { vendor: 'google', address: 'a@x.example' }, /already/],
  ['/control/limits', { vendor: 'google' }, /give exactly one of maxMessageBytes and batchWidth/],
  ['/control/limits', { vendor: 'google', maxMessageBytes: 1 }, /whose limit is the same for all/],
  ['/control/limits', { vendor: 'microsoft', batchWidth: 25 }, /cannot be set at microsoft/],
  ['/control/threading', { vendor: 'microsoft', subjects: 'join' }, /microsoft joins threads in one way only/],
  ['/control/search-index', { vendor: 'google', order: 'received' }, /order: cannot be set at google/],
  ['/control/search-index', { vendor: 'google', forms: 'beginnings' }, /forms: must be one of whole, stems at google/],
  ['/control/search-index', { vendor: 'microsoft', sender: 'found' }, /set accents, forms, order/],
])('refuses %s %j and says what to do', async (url, payload, message) => {
  const { call } = start();
  const answer = await call('POST', url, payload);
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatch(message);
});

it('sets the width of batches, the threading and the search index of an account', async () => {
  const { call, calls } = start();
  const width = { vendor: 'google', batchWidth: 25 };
  expect((await call('POST', '/control/limits', width)).body).toEqual({ accounts: ['a@x.example'], batchWidth: 25 });
  expect((await call('POST', '/control/threading', { vendor: 'google', subjects: 'apart' })).status).toBe(200);
  const index = { vendor: 'google', accents: 'kept', forms: 'stems' };
  expect((await call('POST', '/control/search-index', index)).status).toBe(200);
  expect(calls).toEqual(['a@x.example 25', 'a@x.example apart', 'a@x.example {"accents":"kept","forms":"stems"}']);
});

it('adds, lists and clears faults, and returns an indented manual', async () => {
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
  const page = await app.inject({ url: '/control', headers: { host: 'localhost' } });
  expect(page.body).toMatch(/^\{\n {2}"about": \[\n/);
  const unknown = await app.inject({ url: '/control/nothing', headers: { host: 'localhost' } });
  expect(unknown.body).toMatch(/^\{\n {2}"error": .*\n\}\n$/);
  const manual = page.body;
  for (const name of [
    'deliver',
    'faults',
    'revoke',
    'expire-tokens',
    'expire-history',
    'spoil-changes',
    'drop-watches',
    'search-lag',
    'touch',
    'log',
    'dump',
  ]) {
    expect(manual).toContain(`/control/${name}`);
  }
});
