import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Thread } from '../../src/domain/thread.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDERS_AND_SUBJECTS } from '../support/app/lab.ts';
import { answer, read } from '../support/mail/composing.ts';

describe.each(PROVIDERS_AND_SUBJECTS)('%s, whose threads a subject alone may %s: threading', (id, subjectThreads) => {
  let lab: Lab;
  let account: Account;
  let peer: Account;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { subjectThreads });
    account = await lab.account('threads');
    peer = await lab.elsewhere('peer');
  });
  afterAll(() => lab.close());

  const threadsCalled = async (subject: string): Promise<Thread[]> => {
    const found = await account.session.listThreads(
      { mailboxId: null, where: { kind: 'subject', value: subject } },
      { size: 50, after: null },
      interactive(),
    );
    return found.items.flatMap((item) => (isUnreadable(item) ? [] : [item]));
  };
  const answered = async (originalId: string, subject: string) => {
    const original = await read(account.session, originalId);
    const to = [{ name: null, address: peer.address }];
    const message = answer('reply', original, { to, subject, text: 'y' });
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive());
    return { original, draft };
  };

  it('shows every message of a conversation that is longer than a thread may be, and answers its last', async () => {
    const messageId = (n: number) => `<endless-${n}@${id.toLowerCase()}.example>`;
    let last = '';
    for (let n = 0; n < 130; n++) {
      const refers = n === 0 ? {} : { references: [messageId(0), messageId(n - 1)], inReplyTo: [messageId(n - 1)] };
      const subject = n === 0 ? 'Endless' : 'Re: Endless';
      last = await account.deliver({ from: peer.address, subject, text: `${n}`, messageId: messageId(n), ...refers });
    }
    const threads = await threadsCalled('Endless');
    expect(threads.reduce((sum, { messageCount }) => sum + messageCount, 0)).toBe(130);
    if (!lab.operations.save) return;
    const { original, draft } = await answered(last, 'Re: Endless');
    expect(draft.message.threadId).toBe(original.threadId);
    expect(threads.map((thread) => thread.id)).toContain(original.threadId);
    await account.session.send(draft.id, interactive());
  });

  it('keeps an answer in its thread beside mail of the same subject', async () => {
    const first = await account.deliver({ from: peer.address, subject: 'Invoice', text: '1' });
    const second = await account.deliver({ from: peer.address, subject: 'Invoice', text: '2' });
    const answers = lab.operations.save ? [first, second] : [];
    for (const originalId of answers) {
      const { original, draft } = await answered(originalId, 'Re: Invoice');
      expect(draft.message.threadId).toBe(original.threadId);
    }
    const threads = await threadsCalled('Invoice');
    expect(threads.reduce((sum, { messageCount }) => sum + messageCount, 0)).toBe(2 + answers.length);
  });
});
