import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, twinPlaying, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';
import { compose, read } from '../support/mail/composing.ts';

const WAYS = WRITING_PROVIDER_IDS.flatMap((id) => twinPlaying(id).sendings.map((sending) => [id, sending] as const));

describe.each(WAYS)('%s: sending, as %j', (id, sending) => {
  let lab: Lab;
  let account: Account;
  let peer: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('sender');
    peer = await lab.elsewhere('peer');
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  const send = (way: object) => lab.control('/sending', { vendor: lab.vendor, account: account.address, ...way });
  const saved = async (subject: string) => {
    const to = [account, peer].map(({ address }) => ({ name: null, address }));
    const written = compose({ to, subject });
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: written }, interactive());
    return { draftId: draft.id, internetMessageId: written.internetMessageId, since: new Date(0) };
  };
  const inSent = async (subject: string) => {
    const mailboxes = await account.session.listMailboxes(interactive());
    const mailboxId = mailboxes.find(({ role }) => role === 'SENT')?.id ?? '';
    const page = { size: 50, after: null };
    const { items } = await account.session.listMessages({ mailboxId, where: null }, page, interactive());
    return items.filter((one) => !isUnreadable(one) && one.subject === subject).map((one) => one.id);
  };
  const arrived = async (subject: string) => {
    const page = { size: 50, after: null };
    const { items } = await peer.session.listMessages({ mailboxId: null, where: null }, page, interactive());
    return items.filter((one) => !isUnreadable(one) && one.subject === subject).length;
  };
  const lags = (sending.lagSeconds ?? 0) > 0;

  it.each(['answered', 'unanswered'])(
    'names the sent copy, and takes nothing on its way for unsent: %s',
    async (how) => {
      const subject = `sent and ${how}`;
      const submitted = await saved(subject);
      const probe = () => account.session.probe(submitted, interactive());
      expect(await probe()).toEqual({ state: 'not-sent' });
      await send(sending);
      const fault = { vendor: lab.vendor, account: account.address, operation: lab.operations.send };
      if (how === 'unanswered') await lab.control('/faults', { ...fault, loseAnswer: true, times: 1 });
      const told = account.session.send(submitted.draftId, interactive());
      if (how === 'unanswered') await expect(told).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
      else expect([null, ...(await inSent(subject))]).toContain((await told).messageId);
      if (lags) {
        const meanwhile = sending.meanwhile === 'draft' ? 'submitted' : 'unknown';
        expect(await probe()).toEqual({ state: meanwhile });
        expect(await arrived(subject)).toBe(0);
      }
      await send({});
      const copies = await inSent(subject);
      expect(copies).toHaveLength(1);
      expect(await probe()).toEqual({ state: 'sent', messageId: copies[0] });
      expect(await read(account.session, copies[0] ?? '')).toMatchObject({ subject, isDraft: false });
      expect(await arrived(subject)).toBe(1);
    },
  );

  it('tells what went from what did not when the draft is not known', async () => {
    const subject = 'sent without a draft';
    const { draftId, internetMessageId } = await saved(subject);
    const probe = () => account.session.probe({ draftId: null, internetMessageId, since: new Date(0) }, interactive());
    expect(await probe()).toEqual({ state: 'unknown' });
    await send({ ...sending, ...(lags ? { lagSeconds: 0 } : {}) });
    await account.session.send(draftId, interactive());
    const copies = await inSent(subject);
    expect(await probe()).toEqual({ state: 'sent', messageId: copies[0] });
  });
});
