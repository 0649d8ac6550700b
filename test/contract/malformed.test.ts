import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { ListQuery } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS, twinPlaying } from '../support/app/lab.ts';
import { compose } from '../support/mail/compose.ts';

const WHOLE: ListQuery = { mailboxId: null, where: null };

describe.each(PROVIDER_IDS)('%s: a malformed answer', (id) => {
  /** A provider that only reads has no other operations. */
  const { operations } = twinPlaying(id);
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('unlucky');
    await account.deliver({ from: 'a@example.org', subject: 'a mail', text: 'x' });
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(async () => {
    // The answers are wrong on purpose, and the wire checker would report them.
    await lab.forgetWire();
    await lab.close();
  });

  it.each(['', '[]', 'null', '<html>', '{"value":5,"messages":{}}'])(
    'such as %j is no answer, and no empty mailbox',
    async (body) => {
      const { session } = account;
      const page = { size: 5, after: null };
      const calls: Record<string, () => Promise<unknown>> = {
        listMessages: () => session.listMessages(WHOLE, page, interactive()),
        listThreads: () => session.listThreads(WHOLE, page, interactive()),
        listMailboxes: () => session.listMailboxes(interactive()),
        identities: () => session.identities(interactive()),
        changes: () => session.changes(null, interactive()),
        changesSince: () => session.changes(cursor, interactive()),
        getMessages: () => session.getMessages([known.id], 'full', interactive()),
        getThreads: () => session.getThreads([known.threadId ?? ''], interactive()),
        ...(operations.save && {
          listDrafts: () => session.listDrafts(page, interactive()),
          update: () => session.update([{ id: known.id, isRead: true }], interactive()),
          saveDraft: () => session.saveDraft({ id: null, ifVersion: null, compose: compose() }, interactive()),
        }),
      };
      const { items } = await session.listMessages(WHOLE, page, interactive());
      const [known] = items as [Message];
      const { cursor } = await session.changes(null, interactive());
      await lab.control('/faults', { vendor: lab.vendor, account: account.address, body });
      // Some providers need no request for their identities.
      await lab.control('/log', undefined, 'DELETE');
      await session.identities(interactive()).catch(() => {});
      const { totals } = await lab.control<{ totals: { requests: number } }>('/log?limit=0');
      if (totals.requests === 0) delete calls.identities;
      const outcomes = await Promise.all(
        Object.entries(calls).map(async ([name, call]) => {
          const outcome = await call().catch((error: unknown) => error);
          const [first] = Array.isArray(outcome) ? outcome : [outcome];
          return [name, isMailError(first) ? first.code : (first ?? 'nothing')];
        }),
      );
      expect(outcomes).toEqual(Object.keys(calls).map((name) => [name, 'PROVIDER_UNAVAILABLE']));
    },
  );

  it.each(operations.send ? ['[]', 'null', '<html>', '{"value":5,"messages":{}}'] : [])(
    'such as %j is no sent mail',
    async (body) => {
      const { session } = account;
      const draft = await session.saveDraft({ id: null, ifVersion: null, compose: compose() }, interactive());
      const sending = { vendor: lab.vendor, account: account.address, operation: operations.send };
      await lab.control('/faults', { ...sending, body });
      await expect(session.send(draft.id, interactive())).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    },
  );

  it.each(['', '[]', 'null', '5', '<html>'])('such as %j tells nobody’s address', async (body) => {
    await lab.control('/faults', { vendor: lab.vendor, operation: operations.identify, body });
    const begun = await lab.authorize(account.address, 'READ').catch((error: unknown) => error);
    expect(isMailError(begun) ? begun.code : begun).toBe('PROVIDER_UNAVAILABLE');
  });
});
