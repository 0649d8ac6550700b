import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Access } from '../../src/providers/contract/connect.ts';
import { isUnreadable, type ListQuery } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';
import { silent } from '../support/app/database.ts';
import { type Account, highestAccess, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

const WHOLE: ListQuery = { mailboxId: null, where: null };
const PAGE = { size: 10, after: null };
const subjects = async (session: MailSession): Promise<string[]> => {
  const { items } = await session.listMessages(WHOLE, PAGE, interactive());
  return items.map((item) => (isUnreadable(item) ? item.error.code : (item.subject ?? '')));
};

describe.each(PROVIDER_IDS)('%s: an open session', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('open');
    for (const subject of ['one', 'two', 'three']) await account.deliver({ from: 'a@example.org', subject, text: 'x' });
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  const open = (): MailSession =>
    lab.provider.open({
      address: account.address,
      access: highestAccess(lab.provider),
      scopes: [],
      limiter: createRequestLimiter(lab.provider.limits, { log: silent }),
      accessToken: async () => account.grant.accessToken,
    });
  const requests = async () =>
    (await lab.control<{ records: unknown[] }>(`/log?vendor=${lab.vendor}&limit=5000`)).records.length;

  it('costs no request before it is used, nor does what the account can do', async () => {
    await lab.control('/log', undefined, 'DELETE');
    open();
    expect(lab.provider.capabilities({ address: account.address, access: 'READ', scopes: [] }).roles).toContain(
      'INBOX',
    );
    expect(await requests()).toBe(0);
  });

  it('offers accesses in their order, and writes exactly where its twin names the operations', () => {
    const { accesses } = lab.provider;
    expect(accesses).toEqual(['READ', 'WRITE', 'FULL'].filter((access) => accesses.includes(access as Access)));
    for (const operation of ['save', 'send'] as const)
      expect(lab.operations[operation] !== undefined).toBe(accesses.includes('WRITE'));
  });

  it('serves many requests at once, and asks for nothing again that it has learned', async () => {
    const session = open();
    const first = ['three', 'two', 'one'];
    expect(await Promise.all(Array.from({ length: 5 }, () => subjects(session)))).toEqual(Array(5).fill(first));
    await lab.control('/log', undefined, 'DELETE');
    await subjects(session);
    const known = await requests();
    await lab.control('/log', undefined, 'DELETE');
    await subjects(open());
    expect(known).toBeLessThanOrEqual(await requests());
  });

  it('that is closed ends no call under way, refuses none of who holds it still, and is closed but once', async () => {
    const session = open();
    await lab.control('/faults', { vendor: lab.vendor, account: account.address, hang: 'release' });
    const underWay = subjects(session);
    await expect.poll(requests).toBeGreaterThan(0);
    const closing = session.close();
    await lab.control('/faults', undefined, 'DELETE');
    expect(await underWay).toEqual(['three', 'two', 'one']);
    await Promise.all([closing, session.close()]);
    expect(await subjects(session)).toEqual(['three', 'two', 'one']);
    expect((await session.getMessages(['nothing'], 'envelope', interactive())).every(isMailError)).toBe(true);
  });
});
