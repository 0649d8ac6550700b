import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestApp } from '../support/app/app.ts';
import { mutation, type Organised, type Outcome, openOrganised } from '../support/mail/organised.ts';

interface Log {
  records: { vendor: string; operation: string; path: string; batch: number | null }[];
}

let app: TestApp;
let gmail: Organised;
let run: Awaited<ReturnType<typeof openOrganised>>['run'];
let newest: Awaited<ReturnType<typeof openOrganised>>['newest'];
beforeAll(async () => {
  ({ app, gmail, run, newest } = await openOrganised());
});
afterAll(() => app.close());

/** Returns how many HTTP requests each vendor receives for the messages that `work` changes. A batch is one request. */
async function requestsOf(work: () => Promise<void>): Promise<{ google: number; microsoft: number }> {
  await app.control('/log', undefined, 'DELETE');
  await work();
  const { records } = await app.control<Log>('/log?limit=100000');
  // The requests of the sync are not counted: the deltas, and those for the folder that a message has moved to.
  const isSync = (r: Log['records'][number]) => /delta/.test(r.operation) || /=id,parentFolderId$/.test(r.path);
  const counted = records.filter((r) => /messages?[./]/.test(r.operation) && !isSync(r));
  const of = (vendor: string) => {
    const own = counted.filter((r) => r.vendor === vendor);
    return own.filter((r) => r.batch === null).length + new Set(own.flatMap((r) => r.batch ?? [])).size;
  };
  return { google: of('google'), microsoft: of('microsoft') };
}

it('accepts a thousand ids, and refuses one more with both numbers', async () => {
  const [id] = await newest(gmail, 1);
  const ids = Array.from({ length: 1_001 }, () => id);
  const { errors } = await app.query(mutation('archive', 'MessagesInput'), { input: { ids } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/1000.*1001/),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

it('changes a thousand messages of two accounts, a tenth of them deleted, and answers for each', async () => {
  // The accounts are used by this test only: it spends most of what Gmail allows an account in a minute.
  const full = async (provider: string, vendor: string, address: string) => {
    await app.control('/accounts', { vendor, address, messages: 550 });
    return { id: await app.connect(app.token, provider, address) };
  };
  const own = [
    await full('GMAIL', 'google', 'thousand@gmail.example'),
    await full('OUTLOOK', 'microsoft', 'thousand@outlook.example'),
  ];
  const [a, b] = (await Promise.all(own.map((account) => newest(account, 500)))) as [string[], string[]];
  expect([a.length, b.length]).toEqual([500, 500]);
  const ids = a.flatMap((id, i) => [id, b[i] as string]);
  const missing = ids.filter((_, i) => i % 10 < 2 && i % 20 < 10);
  expect(missing).toHaveLength(100);
  const where = '{ results { integration { id } problem { code } } userErrors { message } }';
  const deleted = await run('deleteForever', { ids: [...missing, 'TWVzc2FnZTpub25l'] }, 'MessagesInput', where);
  expect(deleted.results.pop()).toEqual({ integration: null, problem: { code: 'BAD_USER_INPUT' } });
  expect(deleted.results).toEqual(missing.map((_, i) => ({ integration: { id: own[i % 2]?.id }, problem: null })));

  const asExpected = (results: Outcome['results']) => {
    const failed = results.filter((r) => r.problem !== null);
    expect(failed.map((r) => r.problem?.code)).toEqual(missing.map(() => 'NOT_FOUND'));
    expect(failed.map((r) => r.target)).toEqual(missing);
    return results.filter((r) => r.problem === null).map((r) => r.node);
  };
  const requests = await requestsOf(async () => {
    const { results } = await run(
      'updateMessages',
      { ids, isRead: true },
      'UpdateMessagesInput',
      '{ results { target node { ... on Message { isRead } } problem { code } } }',
    );
    expect(asExpected(results).every((node) => node?.isRead)).toBe(true);
  });
  // At Google one batchModify, and twenty reads of 25 messages each, a few of which are repeated on a busy machine. At
  // Microsoft two batches for each 20 messages.
  // for 20 messages.
  expect(requests.google).toBeLessThanOrEqual(32);
  expect(requests.microsoft).toBeLessThanOrEqual(55);

  const thrown = await run('trash', { ids });
  expect(asExpected(thrown.results).every((node) => node?.mailboxes.some((m) => m.role === 'TRASH'))).toBe(true);
  const ended = await run(
    'deleteForever',
    { ids },
    'MessagesInput',
    '{ results { target node { id } deleted problem { code } } }',
  );
  expect(asExpected(ended.results).every((node) => node === null)).toBe(true);
  expect(ended.results.map((r) => r.deleted)).toEqual(ids.map((id) => (missing.includes(id) ? null : id)));
}, 400_000);
