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

/** HTTP requests to each vendor for what `work` does to messages: a batch is one. */
async function counted(work: () => Promise<void>): Promise<{ google: number; microsoft: number }> {
  await app.control('/log', undefined, 'DELETE');
  await work();
  const { records } = await app.control<Log>('/log?limit=100000');
  // What the sync asks meanwhile is not counted: the deltas, and where what left a folder is now.
  const isSync = (r: Log['records'][number]) => /delta/.test(r.operation) || /=id,parentFolderId$/.test(r.path);
  const ours = records.filter((r) => /messages?[./]/.test(r.operation) && !isSync(r));
  const of = (vendor: string) => {
    const own = ours.filter((r) => r.vendor === vendor);
    return own.filter((r) => r.batch === null).length + new Set(own.flatMap((r) => r.batch ?? [])).size;
  };
  return { google: of('google'), microsoft: of('microsoft') };
}

it('takes a thousand ids, and says so of one more', async () => {
  const [id] = await newest(gmail, 1);
  const ids = Array.from({ length: 1_001 }, () => id);
  const { errors } = await app.query(mutation('archive', 'MessagesInput'), { input: { ids } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/1000.*1001/),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

it('changes a thousand messages of two accounts, a tenth of them gone, and answers for each', async () => {
  // Accounts of their own: this alone spends most of what Gmail lets an account have in a minute.
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
  const gone = ids.filter((_, i) => i % 10 < 2 && i % 20 < 10);
  expect(gone).toHaveLength(100);
  const where = '{ results { integration { id } problem { code } } userErrors { message } }';
  const deleted = await run('deleteForever', { ids: [...gone, 'TWVzc2FnZTpub25l'] }, 'MessagesInput', where);
  expect(deleted.results.pop()).toEqual({ integration: null, problem: { code: 'BAD_USER_INPUT' } });
  expect(deleted.results).toEqual(gone.map((_, i) => ({ integration: { id: own[i % 2]?.id }, problem: null })));

  const asExpected = (results: Outcome['results']) => {
    const failed = results.filter((r) => r.problem !== null);
    expect(failed.map((r) => r.problem?.code)).toEqual(gone.map(() => 'NOT_FOUND'));
    expect(failed.map((r) => r.target)).toEqual(gone);
    return results.filter((r) => r.problem === null).map((r) => r.node);
  };
  const requests = await counted(async () => {
    const { results } = await run(
      'updateMessages',
      { ids, isRead: true },
      'UpdateMessagesInput',
      '{ results { target node { ... on Message { isRead } } problem { code } } }',
    );
    expect(asExpected(results).every((node) => node?.isRead)).toBe(true);
  });
  // One batchModify, and the reading back by twenty-fives, a few of which are asked for again on a busy machine; two $batches
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
  expect(ended.results.map((r) => r.deleted)).toEqual(ids.map((id) => (gone.includes(id) ? null : id)));
}, 400_000);
