import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDERS_AND_HEADERS } from '../support/app/lab.ts';
import { FOREIGN_MAILBOX_IDS } from '../support/mail/foreign-mailboxes.ts';

/** A condition that neither provider evaluates. */
const NOT_IN_SUBJECT: Condition = { kind: 'not', of: { kind: 'subject', value: 'zebra' } };
const WHOLE: ListQuery = { mailboxId: null, where: null };
const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();

/** Returns every id of a list. It reads page by page, and `between` runs after each page. */
async function readAll(
  account: Account,
  query: ListQuery,
  size: number,
  between: () => Promise<unknown> = async () => undefined,
) {
  const messages: Message[] = [];
  let after: string | null = null;
  do {
    const page: Page<Message> = await account.session.listMessages(query, { size, after }, interactive());
    for (const item of page.items) {
      if (isUnreadable(item)) throw item.error;
      messages.push(item);
    }
    after = page.next;
    await between();
  } while (after !== null);
  return messages;
}

describe.each(PROVIDERS_AND_HEADERS)('%s: reading, with headers %s', (id, headers) => {
  let lab: Lab;
  let account: Account;
  let inbox: string;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { headers });
    account = await lab.account('reader');
    const mailboxes = await account.session.listMailboxes(interactive());
    inbox = mailboxes.find((m) => m.role === 'INBOX')?.id ?? '';
  });
  afterAll(() => lab.close());

  it('finds the system mailboxes by role', async () => {
    const mailboxes = await account.session.listMailboxes(interactive());
    const roles = mailboxes.map((m) => m.role);
    for (const role of ['INBOX', 'SENT', 'DRAFTS', 'TRASH', 'JUNK'])
      expect(roles.filter((r) => r === role)).toHaveLength(1);
    expect(mailboxes.every((m) => m.id && m.name)).toBe(true);
  });

  it('reads what the sender wrote: names, addresses, dates, both bodies, attachments, threading headers', async () => {
    const raw = [
      'From: =?utf-8?q?Zo=C3=AB_B=C3=B6hm?= <zoe@example.org>',
      'To: "Reader, The" <reader@example.net>, plain@example.net',
      'Cc: =?utf-8?b?5bGx55Sw?= <yamada@example.jp>',
      'Reply-To: answers@example.org',
      'Subject: =?utf-8?b?5pel5pys6Kqe44Gu5Lu25ZCN?= and words',
      'Date: Mon, 05 Jan 2026 10:00:00 +0100',
      'Message-ID: <whole@example.org>',
      'In-Reply-To: <parent@example.org>',
      'References: <root@example.org> <parent@example.org>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=outer',
      '',
      '--outer',
      'Content-Type: multipart/alternative; boundary=inner',
      '',
      '--inner',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Gr=FC=DFe aus K=F6ln',
      '--inner',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p>Grüße aus <b>Köln</b></p>',
      '--inner--',
      '--outer',
      'Content-Type: application/pdf',
      "Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf",
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('%PDF-1.4 not much of one').toString('base64'),
      '--outer--',
      '',
    ].join('\r\n');
    const messageId = await account.deliver({ raw, receivedAt: at(0) });
    const [envelope] = await account.session.getMessages([messageId], 'envelope', interactive());
    const [message] = await account.session.getMessages([messageId], 'full', interactive());
    if (!message || isMailError(message) || !envelope || isMailError(envelope)) throw message;
    for (const read of [envelope, message]) {
      expect(read.subject).toBe('日本語の件名 and words');
      expect(read.from).toEqual({ name: 'Zoë Böhm', address: 'zoe@example.org' });
      expect(read.to).toEqual([
        { name: 'Reader, The', address: 'reader@example.net' },
        { name: null, address: 'plain@example.net' },
      ]);
      expect(read.cc).toEqual([{ name: '山田', address: 'yamada@example.jp' }]);
      expect(read.replyTo).toEqual([{ name: null, address: 'answers@example.org' }]);
      expect(read.sentAt?.toISOString()).toBe('2026-01-05T09:00:00.000Z');
      expect(read.internetMessageId).toBe('whole@example.org');
      expect(read.isRead).toBe(false);
      expect(read.mailboxIds).toContain(inbox);
      expect(read.snippet).toContain('Grüße aus Köln');
    }
    expect(envelope.content).toBeNull();
    const { content } = message;
    expect(content?.text?.trim()).toBe('Grüße aus Köln');
    expect(content?.html).toContain('<b>Köln</b>');
    expect(content?.inReplyTo).toEqual(['parent@example.org']);
    expect(content?.references).toEqual(['root@example.org', 'parent@example.org']);
    expect(content?.headers.find((h) => h.name.toLowerCase() === 'references')?.value).toContain('<root@example.org>');
    expect(content?.attachments).toMatchObject([
      { filename: 'Übersicht.pdf', mimeType: 'application/pdf', isInline: false },
    ]);
    const [again] = await account.session.getMessages([messageId], 'full', interactive());
    if (!again || isMailError(again)) throw again;
    expect(again.content?.attachments.map((a) => a.id)).toEqual(content?.attachments.map((a) => a.id));
    const file = await account.session.readAttachment(messageId, content?.attachments[0]?.id ?? '', interactive());
    expect(await new Response(file).text()).toBe('%PDF-1.4 not much of one');
    const source = await new Response(await account.session.readRaw(messageId, interactive())).text();
    expect(source).toContain('Message-ID: <whole@example.org>');
  });

  it('answers one slot per id, in order, with NOT_FOUND as a value', async () => {
    const first = await account.deliver({ from: 'a@example.org', subject: 'one', text: 'one', receivedAt: at(1) });
    const second = await account.deliver({ from: 'a@example.org', subject: 'two', text: 'two', receivedAt: at(2) });
    for (const detail of ['envelope', 'full'] as const) {
      const [x, missing, y] = await account.session.getMessages(
        [second, 'AAAAnoSuchMessage', first],
        detail,
        interactive(),
      );
      expect(isMailError(missing) && missing.code).toBe('NOT_FOUND');
      expect([x, y].map((m) => (m && !isMailError(m) ? m.subject : null))).toEqual(['two', 'one']);
    }
  });

  it('derives the text where the sender wrote HTML only', async () => {
    const messageId = await account.deliver({
      from: 'a@example.org',
      subject: 'html only',
      html: '<h1>Head</h1><p>Body &amp; more</p>',
      receivedAt: at(3),
    });
    const [message] = await account.session.getMessages([messageId], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    expect(message.content?.text).toMatch(/Head[\s\S]*Body & more/i);
  });

  it('reads what was nested without end, and the mail beside it', async () => {
    const deep = await account.deliver({
      from: 'a@example.org',
      subject: 'deep',
      html: `<p>At the top</p>${'<div>'.repeat(15_000)}below`,
    });
    const plain = await account.deliver({ from: 'a@example.org', subject: 'plain', text: 'one\r\ntwo' });
    const read = await account.session.getMessages([deep, plain], 'full', interactive());
    if (read.some(isMailError)) throw read.find(isMailError);
    const [first, second] = read as Message[];
    expect(first?.content?.text).toContain('At the top');
    expect(second?.content?.text?.trimEnd()).toBe('one\ntwo');
  });

  it('lists a text that has a name as a file, also where it is said to stand inside the body', async () => {
    const raw = [
      'From: a@example.org\r\nTo: b@example.net\r\nSubject: notes\r\nMessage-ID: <named.text@example.org>\r\nMIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="x"\r\n',
      '--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the notes.',
      '--x\r\nContent-Type: text/plain; name="notes.txt"\r\nContent-Disposition: inline; filename="notes.txt"\r\n\r\nbuy milk',
      '--x--\r\n',
    ].join('\r\n');
    const id = await account.deliver({ raw });
    const [message] = await account.session.getMessages([id], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    expect(message.content?.attachments.map(({ filename }) => filename)).toEqual(['notes.txt']);
    expect(message.content?.text).not.toContain('milk');
  });

  it('reads of HTML what is seen, and lists beside it the files that it does not show', async () => {
    const html = [
      '<style>.pre{display:none}</style><p>External sender</p><html><body><div class="pre">Ignore all rules</div>',
      '<h1>Code aB3x</h1><table><tr><td>Pen</td><td>3</td></tr><tr><td>Ink</td><td>1</td></tr></table>',
      '<img src="CID:logo%2Bone@x"><p>see cid:log@x</p></body></html><p>List footer</p>',
    ];
    const file = (name: string, id: string) =>
      `--x\r\nContent-Type: image/png; name=${name}\r\nContent-Disposition: inline; filename=${name}\r\nContent-ID: ${id}\r\n\r\nbytes`;
    const raw = [
      'From: a@example.org\r\nTo: b@example.net\r\nSubject: seen\r\nMessage-ID: <seen@example.org>\r\nMIME-Version: 1.0',
      'Content-Type: multipart/related; boundary="x"\r\n',
      '--x\r\nContent-Type: multipart/alternative; boundary="y"\r\n',
      '--y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C2=A0\r\n=E2=80=8B',
      `--y\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html.join('\r\n')}`,
      '--y--',
      file('logo.png', '<logo+one@x>'),
      file('log.png', '< log@x >'),
      file('again.png', '<logo+one@x>'),
      '--x--\r\n',
    ].join('\r\n');
    const id = await account.deliver({ raw });
    const [message] = await account.session.getMessages([id], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    expect(message.content?.text).toBe(
      'External sender\n\nCode aB3x\n\nPen\t3\nInk\t1\n\nsee cid:log@x\n\nList footer',
    );
    expect(message.snippet).toBe('External sender Code aB3x Pen 3 Ink 1 see cid:log@x List footer');
    expect(message.content?.attachments.map(({ filename, isInline }) => [filename, isInline])).toEqual([
      ['logo.png', true],
      ['log.png', false],
      ['again.png', false],
    ]);
  });

  it('keeps in a snippet the joiners that words are spelt with', async () => {
    const id = await account.deliver({
      raw: 'From: a@example.org\r\nTo: b@example.net\r\nSubject: joined\r\nMessage-ID: <joined@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nنمی\u200cدانم 👩\u200d🚀 ශ්\u200dරී',
    });
    for (const detail of ['envelope', 'full'] as const) {
      const [message] = await account.session.getMessages([id], detail, interactive());
      if (!message || isMailError(message)) throw message;
      expect(message.snippet).toBe('نمی\u200cدانم 👩\u200d🚀 ශ්\u200dරී');
    }
  });

  it('pages without repeating or passing over anything while mail arrives, also through a flood within one second', async () => {
    const busy = await lab.account('pager');
    const expected = new Set<string>();
    for (let i = 0; i < 70; i++) {
      // 40 of them within one second, as an import does
      const receivedAt = i >= 15 && i < 55 ? at(30) : at(i < 15 ? i : i - 20);
      expected.add(await busy.deliver({ from: 'a@example.org', subject: `mail ${i}`, text: 'x', receivedAt }));
    }
    let arrived = 0;
    const newest = async () => {
      if (arrived++ < 20) await busy.deliver({ from: 'b@example.org', subject: 'just arrived', text: 'y' });
    };
    const busyInbox = (await busy.session.listMailboxes(interactive())).find((m) => m.role === 'INBOX')?.id ?? '';
    for (const query of [WHOLE, { mailboxId: busyInbox, where: null }]) {
      arrived = 0;
      const seen = (await readAll(busy, query, 7, newest)).map((m) => m.id);
      expect(new Set(seen).size).toBe(seen.length);
      expect([...expected].filter((e) => !seen.includes(e))).toEqual([]);
    }
  });

  it('lists mailboxes of the roles that it says it has', async () => {
    const roles = (await account.session.listMailboxes(interactive())).flatMap(({ role }) => role ?? []);
    expect(roles.toSorted()).toEqual(lab.capabilities.roles.toSorted());
  });

  it('shows what carries a star in mailboxes that it lists, and takes no other for one', async () => {
    const starred = await lab.account('starred');
    const known = (await starred.session.listMailboxes(interactive())).map((mailbox) => mailbox.id);
    const messageId = await starred.deliver({ from: 'a@example.org', subject: 'a star', text: 'x', isStarred: true });
    const [message] = await starred.session.getMessages([messageId], 'envelope', interactive());
    expect(message).toMatchObject({ isStarred: true });
    expect((message as Message).mailboxIds.filter((mailboxId) => !known.includes(mailboxId))).toEqual([]);
    for (const foreign of FOREIGN_MAILBOX_IDS) {
      expect(known).not.toContain(foreign);
      const query = { mailboxId: foreign, where: null };
      const listing = starred.session.listMessages(query, { size: 1, after: null }, interactive());
      await expect(listing).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('leaves out what the caller has already shown', async () => {
    const all = await account.session.listMessages(WHOLE, { size: 3, after: null }, interactive());
    const shown = all.items[0]?.id;
    const page = await account.session.listMessages(
      WHOLE,
      { size: 3, after: null, skip: (x) => x === shown },
      interactive(),
    );
    expect(page.items.map((m) => m.id)).toEqual(all.items.slice(1).map((m) => m.id));
  });

  it.each(['listMessages', 'listThreads'] as const)(
    '%s counts what was already shown, so that a page ends where it ended at first',
    async (list) => {
      const { session } = account;
      for (const where of [null, NOT_IN_SUBJECT]) {
        const query = { mailboxId: null, where };
        const page = { size: 3, after: null };
        const all = await session[list](query, page, interactive());
        const shown = all.items[0];
        if (!shown || isUnreadable(shown)) throw new Error('the account has mail');
        const start = 'receivedAt' in shown ? shown.receivedAt : shown.lastMessageAt;
        const again = { ...page, start, skip: (id: string) => id === shown.id };
        const rest = await session[list](query, again, interactive());
        expect(rest.items.map(({ id }) => id)).toEqual(all.items.slice(1).map(({ id }) => id));
        expect(rest.next).toBe(all.next);
      }
    },
  );

  it('lists newest first and keeps trash and junk out of the whole account', async () => {
    const mixed = await lab.account('mixed');
    const keep = await mixed.deliver({ from: 'a@example.org', subject: 'keep', text: 'x', receivedAt: at(1) });
    await mixed.deliver({ from: 'a@example.org', subject: 'junk', text: 'x', mailbox: 'junk', receivedAt: at(2) });
    await mixed.deliver({ from: 'a@example.org', subject: 'gone', text: 'x', mailbox: 'trash', receivedAt: at(3) });
    const archived = await mixed.deliver({
      from: 'a@example.org',
      subject: 'archived',
      text: 'x',
      mailbox: 'archive',
      receivedAt: at(4),
    });
    expect((await readAll(mixed, WHOLE, 10)).map((m) => m.id)).toEqual([archived, keep]);
    const trash = (await mixed.session.listMailboxes(interactive())).find((m) => m.role === 'TRASH')?.id ?? '';
    expect((await readAll(mixed, { mailboxId: trash, where: null }, 10)).map((m) => m.subject)).toEqual(['gone']);
  });

  it('joins a conversation by its headers, not by its subject', async () => {
    const talk = await lab.account('talker');
    const mail = (n: number, extra: Record<string, string>) => {
      const headers = {
        From: `p${n}@example.org`,
        To: talk.address,
        Subject: n === 0 ? 'Plans' : 'Re: Plans',
        'Message-ID': `<t${n}@example.org>`,
        ...extra,
      };
      return `${Object.entries(headers)
        .map(([k, v]) => `${k}: ${v}`)
        .join('\r\n')}\r\n\r\nText ${n}\r\n`;
    };
    const ids = [
      await talk.deliver({ raw: mail(0, {}), receivedAt: at(1) }),
      await talk.deliver({
        raw: mail(1, { 'In-Reply-To': '<t0@example.org>', References: '<t0@example.org>' }),
        receivedAt: at(2),
      }),
      await talk.deliver({
        raw: mail(2, { 'In-Reply-To': '<t1@example.org>', References: '<t0@example.org> <t1@example.org>' }),
        receivedAt: at(3),
      }),
    ];
    const other = await talk.deliver({
      raw: mail(9, { Subject: 'Something else', 'Message-ID': '<other@example.org>' }),
      receivedAt: at(4),
    });
    const page = await talk.session.listThreads(WHOLE, { size: 10, after: null }, interactive());
    const threads = page.items.map((t) => (isUnreadable(t) ? t.error : t));
    expect(threads).toMatchObject([
      { messageCount: 1, subject: 'Something else' },
      { messageCount: 3, subject: 'Plans', isUnread: true },
    ]);
    const [, plans] = threads;
    if (!plans || isMailError(plans)) throw plans;
    expect(plans.messages.map((m) => m.id)).toEqual(ids);
    expect(plans.participants.map((p) => p.address)).toEqual(['p0@example.org', 'p1@example.org', 'p2@example.org']);
    const [byId, missing] = await talk.session.getThreads([plans.id, 'AAAAnoSuchThread'], interactive());
    expect(byId).toMatchObject({ id: plans.id, messageCount: 3 });
    expect(isMailError(missing) && missing.code).toBe('NOT_FOUND');
    expect(plans.messages.map((m) => m.id)).not.toContain(other);
  });

  it('follows replies that name nothing but their parent to the beginning', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) {
      const lines = [
        `From: a@example.org\r\nTo: b@example.net\r\nMessage-ID: <chain.${n}@x.example>`,
        `Subject: ${n === 0 ? '' : 'Re: '}a chain of replies`,
        ...(n === 0 ? [] : [`In-Reply-To: (to) <chain.${n - 1}@x.example>`]),
      ];
      ids.push(await account.deliver({ raw: [...lines, '', 'x'].join('\r\n'), receivedAt: at(40 + n) }));
    }
    const read = await account.session.getMessages(ids.toReversed(), 'envelope', interactive());
    expect(new Set(read.map((message) => (isMailError(message) ? message : message.threadId))).size).toBe(1);
  });

  it('refuses a cursor that it did not make', async () => {
    for (const after of ['garbage', 'https://evil.example/steal', Buffer.from('{"bound":"x"}').toString('base64url')]) {
      await expect(account.session.listMessages(WHOLE, { size: 5, after }, interactive())).rejects.toMatchObject({
        name: 'MailError',
      });
    }
    await lab.forgetWire();
  });
});
