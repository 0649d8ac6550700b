import { randomBytes } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TWINS } from '../../sandbox/twins.ts';
import type { ComposeOrigin } from '../../src/domain/compose.ts';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { type Account, interactive, type Lab, openLab, twinPlaying, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';
import { compose, file } from '../support/mail/compose.ts';

/** Each provider that sends and the one that is listed after it. */
const PAIRS = WRITING_PROVIDER_IDS.slice(1).map((id, index) => [WRITING_PROVIDER_IDS[index] ?? id, id] as const);
const DOMAINS = TWINS.map(({ domain }) => domain);

async function inbox(session: MailSession): Promise<Message[]> {
  const mailboxId = (await session.listMailboxes(interactive())).find(({ role }) => role === 'INBOX')?.id ?? '';
  const { items } = await session.listMessages({ mailboxId, where: null }, { size: 50, after: null }, interactive());
  return items.flatMap((item) => (isUnreadable(item) ? [] : [item]));
}
async function full(session: MailSession, id: string): Promise<Message> {
  const [message] = await session.getMessages([id], 'full', interactive());
  if (!message || isMailError(message)) throw message;
  return message;
}

describe.each(PAIRS)('%s and %s', (oneId, otherId) => {
  let lab: Lab;
  let one: Account;
  let other: Account;
  beforeAll(async () => {
    lab = await openLab(oneId);
    one = await lab.account('turner', 'WRITE');
    other = await lab.elsewhere('turner', 'WRITE', otherId);
  });
  afterAll(() => lab.close());

  it('goes back and forth ten times: one thread on each side, bytes and characters as they were', async () => {
    const texts = [
      'Hello',
      'Grüße aus Köln',
      '日本語です',
      'مرحبا بالعالم',
      'Привет 🎉',
      'x'.repeat(2_000),
      'ไทย',
      'שלום',
      'नमस्ते',
      'end.',
    ];
    let last: Message | null = null;
    for (const [turn, text] of texts.entries()) {
      const [{ session: writer }, { session: reader, address: to }] = turn % 2 === 0 ? [one, other] : [other, one];
      const bytes = randomBytes(3_000 + turn);
      const filename = `turn ${turn} 日本 🎉.bin`;
      const answered: string[] = last?.internetMessageId ? [last.internetMessageId] : [];
      const origin: ComposeOrigin | null = last && { kind: 'reply', messageId: last.id, threadId: last.threadId };
      const draft = await writer.saveDraft(
        {
          id: null,
          ifVersion: null,
          compose: compose({
            to: [{ name: 'Übermittlung, Dr.', address: to }],
            subject: turn === 0 ? 'Grüße über 日本 🎉' : 'Re: Grüße über 日本 🎉',
            text,
            html: turn % 3 === 0 ? `<p>${text}</p>` : null,
            attachments: turn % 2 === 0 ? [file(filename, bytes)] : [],
            inReplyTo: answered,
            references: [...(last?.content?.references ?? []), ...answered],
            origin,
          }),
        },
        interactive(),
      );
      await writer.send(draft.id, interactive());

      const arrived: Message | undefined = (await inbox(reader)).find(({ isRead }) => !isRead);
      if (!arrived) throw new Error(`turn ${turn} did not arrive`);
      await reader.update([{ id: arrived.id, isRead: true }], interactive());
      last = await full(reader, arrived.id);
      expect(last.content?.text?.trim()).toBe(text);
      expect(last.content?.inReplyTo).toEqual(answered);
      // Another mail program must read the message likewise.
      const raw = await new Response(await reader.readRaw(arrived.id, interactive())).arrayBuffer();
      const parsed = await simpleParser(Buffer.from(raw));
      expect(parsed.subject).toBe(last.subject);
      expect(parsed.text?.trim()).toBe(text);
      expect(parsed.inReplyTo ?? null).toBe(answered[0] === undefined ? null : `<${answered[0]}>`);
      if (turn % 2 === 0) {
        expect(parsed.attachments.map((a) => [a.filename, a.content.equals(bytes)])).toEqual([[filename, true]]);
        const [attachment] = last.content?.attachments ?? [];
        const read = await reader.readAttachment(last.id, attachment?.id ?? '', interactive());
        expect(Buffer.from(await new Response(read).arrayBuffer()).equals(bytes)).toBe(true);
      }
    }
    for (const { session } of [one, other]) {
      const { items } = await session.listThreads(
        { mailboxId: null, where: null },
        { size: 10, after: null },
        interactive(),
      );
      expect(items).toMatchObject([{ messageCount: 10 }]);
    }
  });

  it('tells the sender of an address that does not exist, and of one that takes no mail', async () => {
    for (const { session, address: own } of [one, other]) {
      for (const unknown of [...DOMAINS.map((domain) => `nobody@${domain}`), 'bounce@example.org']) {
        const to = [{ name: null, address: unknown }];
        const draft = await session.saveDraft(
          { id: null, ifVersion: null, compose: compose({ to, subject: `to ${unknown}` }) },
          interactive(),
        );
        await session.send(draft.id, interactive());
        const [report] = (await inbox(session)).filter(({ from }) => from?.address.startsWith('mailer-daemon@'));
        if (!report) throw new Error(`nothing came back to ${own} from ${unknown}`);
        const raw = await new Response(await session.readRaw(report.id, interactive())).text();
        expect(raw).toMatch(/^Content-Type: multipart\/report; report-type=delivery-status/im);
        expect(raw).toContain(`Final-Recipient: rfc822; ${unknown}`);
        expect(raw).toContain('Action: failed');
      }
    }
  });

  it('takes answers to each alias that it may send as', async () => {
    for (const [writer, reader] of [
      [one, other],
      [other, one],
    ] as const) {
      const alias = twinPlaying(writer === one ? oneId : otherId).alias(writer.address);
      const identities = await writer.session.identities(interactive());
      expect(identities.map(({ address, isDefault }) => [address, isDefault])).toEqual([
        [writer.address, true],
        ...(alias === null ? [] : [[alias, false]]),
      ]);
      if (alias === null) continue;
      const from = { name: 'Alias', address: alias };
      const draft = await writer.session.saveDraft(
        {
          id: null,
          ifVersion: null,
          compose: compose({ from, to: [{ name: null, address: reader.address }], subject: 'as another' }),
        },
        interactive(),
      );
      await writer.session.send(draft.id, interactive());
      const arrived = (await inbox(reader.session)).find(({ subject }) => subject === 'as another');
      expect(arrived?.from).toEqual(from);
      const answer = await reader.session.saveDraft(
        { id: null, ifVersion: null, compose: compose({ to: [from], subject: 'Re: as another' }) },
        interactive(),
      );
      await reader.session.send(answer.id, interactive());
      expect((await inbox(writer.session)).map(({ subject }) => subject)).toContain('Re: as another');
    }
  });
});
