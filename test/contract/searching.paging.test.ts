import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

const COUNT = 7;
const WHERES: Readonly<Record<string, Condition>> = {
  'a word of the text': { kind: 'text', value: 'harbour' },
  'a word of the subject': { kind: 'subject', value: 'walk' },
  'a flag': { kind: 'read', value: false },
};

describe.each(PROVIDER_IDS)('%s: a list that is read on', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('walker');
    for (let n = 0; n < COUNT; n++)
      await account.deliver({
        from: 'ada@example.org',
        subject: `walk ${n}`,
        text: 'to the harbour',
        messageId: `<${n}@walk.example>`,
        receivedAt: new Date(Date.UTC(2026, 1, 1, 12, n)).toISOString(),
      });
  });
  afterAll(() => lab.close());

  const vendorId = async (messageId: string): Promise<string> => {
    const all = await lab.control<{ id: string; internetMessageId: string }[]>(
      `/dump?vendor=${lab.vendor}&account=${account.address}`,
    );
    return all.find((one) => one.internetMessageId.includes(messageId))?.id ?? '';
  };
  const touch = async (messageId: string, change: string) =>
    lab.control('/touch', { vendor: lab.vendor, account: account.address, id: await vendorId(messageId), change });

  it.each(Object.entries(WHERES))(
    'by %s shows once what was shown, went to the trash and was brought back',
    async (_, where) => {
      const shown: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages === 0 || after !== null; pages++) {
        const { items, next } = await account.session.listMessages(
          { mailboxId: null, where },
          { size: 1, after },
          interactive(),
        );
        shown.push(...items.map((item) => ('subject' in item ? (item.internetMessageId ?? '') : '')));
        after = next;
        // The page between is read without it.
        if (pages === 1) await touch(`${COUNT - 1}@walk.example`, 'trash');
        if (pages === 2) await touch(`${COUNT - 1}@walk.example`, 'inbox');
        if (pages > 3 * COUNT) throw new Error('the list does not end');
      }
      expect(shown).toEqual(Array.from({ length: COUNT }, (_, n) => `${COUNT - 1 - n}@walk.example`));
    },
  );

  it.each(Object.entries(WHERES))(
    'by %s shows once what a hundred new mails move within the list of the provider',
    async (_, where) => {
      account = await lab.account(`moved${Object.values(WHERES).indexOf(where)}`);
      const deliver = (n: number) =>
        account.deliver({
          from: 'ada@example.org',
          subject: `walk ${n}`,
          text: 'to the harbour',
          receivedAt: new Date(Date.UTC(2026, 1, 1, 12, n)).toISOString(),
        });
      for (let n = 0; n < 110; n++) await deliver(n);
      const shown: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages === 0 || after !== null; pages++) {
        const { items, next } = await account.session.listMessages(
          { mailboxId: null, where },
          { size: 15, after },
          interactive(),
        );
        shown.push(...items.map((item) => ('subject' in item ? item.subject : '')));
        after = next;
        if (pages === 0) for (let n = 110; n < 210; n++) await deliver(n);
      }
      expect(shown).toEqual(Array.from({ length: 110 }, (_, n) => `walk ${109 - n}`));
    },
  );

  it.each(Object.entries(WHERES))('by %s begins again with each thread where it stood', async (_, where) => {
    const list = async (start?: Date) => {
      const asked = { size: 4, after: null, ...(start && { start }) };
      const { items } = await account.session.listThreads({ mailboxId: null, where }, asked, interactive());
      return items.flatMap((item) => ('messages' in item ? [item] : []));
    };
    const before = await list();
    const [newest, , , last] = before;
    const deliver = (minute: number, mail: object) =>
      account.deliver({
        from: 'bob@example.org',
        text: 'to the harbour',
        receivedAt: new Date((newest?.lastMessageAt.getTime() ?? 0) + minute * 60_000).toISOString(),
        ...mail,
      });
    const answered = last?.messages[0]?.internetMessageId;
    await deliver(1, {
      subject: `Re: ${last?.messages[0]?.subject}`,
      inReplyTo: [`<${answered}>`],
      references: [`<${answered}>`],
    });
    await deliver(2, { subject: 'another walk' });
    const ids = (threads: typeof before) => threads.map(({ id }) => id);
    expect(ids(await list())).not.toEqual(ids(before));
    expect(ids(await list(newest?.lastMessageAt))).toEqual(ids(before));
  });
});
