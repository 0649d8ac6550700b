import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compose } from '../../src/domain/compose.ts';
import { isMailError } from '../../src/domain/error.ts';
import { replySubject } from '../../src/mail/compose/reply-headers.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';
import {
  answer,
  compose,
  file,
  filesOf,
  mailCalled,
  noise,
  read,
  sends,
  sendsDraft,
} from '../support/mail/composing.ts';

const PREFIXES =
  'Re: RE: re: Re[2]: Re(2): Fwd: FW: AW: WG: Antw: SV: VS: Odp: RIF: RES: TR: RV: YNT: ATB: 回复: 回复： 答复: 返信: Отв: ΣΧΕΤ: תגובה: رد:'.split(
    ' ',
  );

const lines = (text: string | null | undefined) => (text ?? '').replace(/\r\n/g, '\n').trimEnd();

describe.each(WRITING_PROVIDER_IDS)('%s: composing', (id) => {
  let lab: Lab;
  let account: Account;
  let peer: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('writer');
    peer = await lab.elsewhere('peer');
  });
  afterAll(() => lab.close());

  const me = () => ({ name: null, address: account.address });
  const them = () => ({ name: null, address: peer.address });
  const save = (message: Compose, draftId: string | null = null, ifVersion: string | null = null) =>
    account.session.saveDraft({ id: draftId, ifVersion, compose: message }, interactive());
  const draftsCalled = async (subject: string) => {
    const { items } = await account.session.listDrafts({ size: 50, after: null }, interactive());
    return items.filter((d) => !isUnreadable(d) && d.message.subject === subject);
  };

  it('keeps the conversation in an answer, however the subject was begun', async () => {
    for (const prefix of PREFIXES) {
      const subject = `${prefix} Budget`;
      const originalId = await account.deliver({ from: peer.address, subject, text: 'x' });
      const original = await read(account.session, originalId);
      const draft = await save(answer('reply', original, { to: [them()], subject: replySubject(subject), text: 'y' }));
      expect([prefix, draft.message.threadId]).toEqual([prefix, original.threadId]);
    }
  });

  it('keeps both bodies, files and pictures, byte for byte, on both sides', async () => {
    const picture = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const files = [
      file('picture.png', picture, { mimeType: 'image/png', contentId: 'picture@postern.test' }),
      file(
        'every byte.bin',
        Uint8Array.from({ length: 256 }, (_, i) => i),
      ),
      file('line ends.txt', Buffer.from('one\ntwo\r\nthree\rfour \n.\nFrom here\n'), { mimeType: 'text/plain' }),
      file('nothing.txt', new Uint8Array(0), { mimeType: 'text/plain' }),
      file('page.html', Buffer.from('<p>Grüße</p>'), { mimeType: 'text/html' }),
      file('invite.ics', Buffer.from('BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'), { mimeType: 'text/calendar' }),
    ];
    const html = '<p>Look: <img src="cid:picture@postern.test" alt="x"> <b>здесь</b></p>';
    const sent = await sends(
      account,
      compose({ to: [them()], subject: 'Files', text: 'Look.', html, attachments: files }),
    );
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    for (const [session, message] of [
      [account.session, sent],
      [peer.session, arrived],
    ] as const) {
      expect(message.content?.html).toContain('<b>здесь</b>');
      const attachments = message.content?.attachments ?? [];
      expect(attachments.map(({ filename }) => filename).sort()).toEqual(files.map(({ filename }) => filename).sort());
      expect(attachments.find(({ filename }) => filename === 'picture.png')).toMatchObject({
        isInline: true,
        contentId: 'picture@postern.test',
        mimeType: 'image/png',
      });
      expect(attachments.filter(({ isInline }) => isInline)).toHaveLength(1);
      const bytes = await filesOf(session, message);
      for (const { filename, open } of files) {
        const wanted = Buffer.from(await new Response(await open(new AbortController().signal)).arrayBuffer());
        expect(bytes.get(filename)?.equals(wanted), filename).toBe(true);
      }
    }
  });

  it('keeps other scripts, emoji and long lines, character for character', async () => {
    const text = [
      'Ελληνικά, русский, 日本語, العربية, हिन्दी, 👩‍👩‍👧‍👦🏳️‍🌈',
      `a very long line: ${'word '.repeat(400)}end`,
      `ohne Zwischenraum: ${'äöü€'.repeat(600)}`,
      '.a dot first',
      'From the first word',
      '=C3=A4 and =?utf-8?q?no_encoded_word?=',
      '  indented, and a soft hyphen: \u00ad.',
      '-- ',
      '--=_boundary',
      '<b>no html</b> &amp; no entity',
    ].join('\n');
    const names = [
      'Übersicht – Ω.pdf',
      `${'長い名前'.repeat(20)}.txt`,
      'مرحبا بالعالم.bin',
      '📎🎉.dat',
      `semi;colon "quoted" 'single' 100%.txt`,
      'Ünïcödé with spaces and a rather long tail that has to be folded somewhere, surely.txt',
    ];
    const to = [{ name: 'Böhm, Zoë 🐝', address: peer.address }];
    const cc = [{ name: '山田 太郎', address: 'taro@mail.example' }];
    const subject = `Grüße aus 東京 🗼 ${'und noch viel mehr '.repeat(8)}— Schluss`;
    const attachments = names.map((name) => file(name, Buffer.from(name)));
    const sent = await sends(account, compose({ to, cc, subject, text, attachments }));
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    for (const [session, message] of [
      [account.session, sent],
      [peer.session, arrived],
    ] as const) {
      expect(message.subject).toBe(subject);
      expect(message.to).toEqual(to);
      expect(message.cc).toEqual(cc);
      expect(lines(message.content?.text)).toBe(text);
      const files = await filesOf(session, message);
      expect([...files.keys()].sort()).toEqual([...names].sort());
      for (const [name, bytes] of files) expect(bytes.toString()).toBe(name);
    }
  });

  it('hides Bcc from those it was sent to, and keeps it for the sender', async () => {
    const bcc = [{ name: null, address: 'hidden@mail.example' }];
    const draft = await save(compose({ to: [them()], bcc, subject: 'In secret' }));
    expect((await read(account.session, draft.message.id)).bcc.map((p) => p.address)).toEqual(['hidden@mail.example']);
    const sent = await sendsDraft(account, draft);
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    expect(arrived.bcc).toEqual([]);
    const raw = await new Response(await peer.session.readRaw(arrived.id, interactive())).text();
    expect(raw).not.toContain('hidden@mail.example');
  });

  it('talks four turns and a forward in one conversation, on both sides', async () => {
    const first = await sends(account, compose({ to: [them()], subject: 'Four turns ✓', text: 'One' }));
    const one = await mailCalled(peer.session, first.internetMessageId ?? '');
    const two = await sends(peer, answer('reply', one, { text: 'Two' }));
    const three = await sends(
      account,
      answer('replyAll', await mailCalled(account.session, two.internetMessageId ?? ''), {
        html: '<p>Three</p>',
        attachments: [file('three.bin', noise(70_000))],
      }),
    );
    const atPeer = await mailCalled(peer.session, three.internetMessageId ?? '');
    const four = await sends(peer, answer('reply', atPeer, { text: 'Four' }));
    const forwarded = await sends(account, answer('forward', three, { to: [them()], text: 'Five' }));

    const calls = [first, two, three, four, forwarded].map((m) => m.internetMessageId ?? '');
    for (const { session } of [account, peer]) {
      const mails = await Promise.all(calls.map((call) => mailCalled(session, call)));
      expect(new Set(mails.map((m) => m.threadId)).size).toBe(1);
      const [thread] = await session.getThreads([mails[0]?.threadId ?? ''], interactive());
      if (!thread || isMailError(thread)) throw thread;
      expect(thread.messages.map((m) => m.internetMessageId).sort()).toEqual([...calls].sort());
    }
    const last = await mailCalled(account.session, calls[3] ?? '');
    expect(last.content?.inReplyTo).toEqual([calls[2]]);
    expect(last.content?.references).toEqual(calls.slice(0, 3));
    expect((await filesOf(peer.session, atPeer)).get('three.bin')?.equals(noise(70_000))).toBe(true);
  });

  it('takes a file of 6 MB, in an answer too', async () => {
    const bytes = noise(6 * 1024 * 1024 + 7);
    const original = await read(
      account.session,
      await account.deliver({ from: peer.address, subject: 'Send me', text: 'x' }),
    );
    const html = '<p>Here <img src="cid:small@postern.test"></p>';
    const sent = await sends(
      account,
      answer('reply', original, {
        html,
        attachments: [
          file('large.bin', bytes),
          file('small.png', noise(900), { mimeType: 'image/png', contentId: 'small@postern.test' }),
        ],
      }),
    );
    expect(sent).toMatchObject({ subject: 'Re: Send me', threadId: original.threadId, isDraft: false });
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    expect(arrived.content?.html).toContain('Here');
    const files = await filesOf(peer.session, arrived);
    expect([...files.keys()].sort()).toEqual(['large.bin', 'small.png']);
    expect(files.get('large.bin')?.equals(bytes)).toBe(true);
    expect(files.get('small.png')?.equals(noise(900))).toBe(true);
    expect(arrived.content?.attachments.find((a) => a.filename === 'small.png')?.isInline).toBe(true);
  });

  it('refuses what is over the limit with the figures, before a file is opened', async () => {
    const { maxAttachmentBytes } = lab.capabilities;
    const large = file('huge.bin', new Uint8Array(0), { sizeBytes: maxAttachmentBytes + 1 });
    const refusal = await save(compose({ to: [them()], subject: 'Too large', attachments: [large] })).catch((e) => e);
    expect(refusal).toMatchObject({ name: 'MailError', code: 'INVALID' });
    expect(refusal.message).toMatch(/\d/);
    expect(large.opened).toBe(0);
    expect(await draftsCalled('Too large')).toEqual([]);
  });

  it('refuses a file that is not as long as it was said to be, and leaves no draft behind', async () => {
    for (const sizeBytes of [3, 5]) {
      const lying = file('lying.bin', Buffer.from('four'), { sizeBytes });
      await expect(save(compose({ subject: 'A lie', attachments: [lying] }))).rejects.toMatchObject({
        code: 'INVALID',
      });
    }
    const lying = file('lying.bin', noise(5_000_000), { sizeBytes: 6_000_000 });
    await expect(save(compose({ subject: 'A lie', attachments: [lying] }))).rejects.toMatchObject({ code: 'INVALID' });
    expect(await draftsCalled('A lie')).toEqual([]);
  });

  it.each<[string, Partial<Compose>]>([
    ['a subject', { subject: 'Hello\r\nBcc: evil@mail.example' }],
    ['a subject with a bare line feed', { subject: 'Hello\nBcc: evil@mail.example' }],
    ['a name', { to: [{ name: 'A\r\nBcc: evil@mail.example', address: 'a@mail.example' }] }],
    ['an address', { to: [{ name: null, address: 'a@mail.example\r\nBcc: evil@mail.example' }] }],
    ['a reply address', { replyTo: [{ name: 'x\ny', address: 'a@mail.example' }] }],
    ['a sender', { from: { name: 'x\r\nX-Evil: 1', address: 'a@mail.example' } }],
    ['a file name', { attachments: [file('a.txt\r\nX-Evil: 1', Buffer.from('x'))] }],
    ['a type', { attachments: [file('a.txt', Buffer.from('x'), { mimeType: 'text/plain\r\nX-Evil: 1' })] }],
    ['a Content-ID', { attachments: [file('a.txt', Buffer.from('x'), { contentId: 'a\r\nX-Evil: 1' })] }],
    ['a reference', { references: ['a@b\r\nX-Evil: 1'] }],
    ['an answered Message-ID', { inReplyTo: ['a@b>\r\nX-Evil: 1'] }],
  ])('refuses a line break in %s', async (_, hostile) => {
    const refusal = await save(compose({ subject: 'Hostile', ...hostile })).catch((e) => e);
    expect(refusal).toMatchObject({ name: 'MailError', code: 'BAD_USER_INPUT' });
    expect(refusal.message).not.toContain('evil');
  });

  it('revises a draft under its id, with another version, and everything replaced', async () => {
    const before = await save(
      compose({ to: [them()], subject: 'First', attachments: [file('old.txt', Buffer.from('old'))] }),
    );
    const after = await save(
      compose({
        to: [me()],
        subject: 'Second',
        html: '<p>new</p>',
        attachments: [file('new.txt', Buffer.from('new'))],
      }),
      before.id,
      before.version,
    );
    expect(after.id).toBe(before.id);
    expect(after.version).not.toBe(before.version);
    expect(after.message).toMatchObject({ subject: 'Second', isDraft: true });
    const [stored] = await account.session.getDrafts([before.id], interactive());
    if (!stored || isMailError(stored)) throw stored;
    expect(stored.version).toBe(after.version);
    const message = await read(account.session, stored.message.id);
    expect(message.to.map((p) => p.address)).toEqual([account.address]);
    expect(message.content?.html).toContain('<p>new</p>');
    expect([...(await filesOf(account.session, message)).entries()].map(([n, b]) => [n, b.toString()])).toEqual([
      ['new.txt', 'new'],
    ]);
    expect(await draftsCalled('First')).toEqual([]);
    expect(await draftsCalled('Second')).toHaveLength(1);

    const stale = save(compose({ subject: 'Third' }), before.id, before.version);
    await expect(stale).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await draftsCalled('Third')).toEqual([]);
    const forced = await save(compose({ to: [them()], subject: 'Fourth' }), before.id);
    expect(forced.id).toBe(before.id);
    expect((await read(account.session, forced.message.id)).content?.attachments).toEqual([]);
    await account.session.send(forced.id, interactive());
    const [sent] = await account.session.getDrafts([forced.id], interactive());
    expect(isMailError(sent) && sent.code).toBe('NOT_FOUND');
    await expect(save(compose({ subject: 'Fifth' }), forced.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps an answer in its conversation through a revision', async () => {
    const original = await read(
      account.session,
      await account.deliver({ from: peer.address, subject: 'Revise me', text: 'x' }),
    );
    const draft = await save(answer('reply', original, { text: 'first' }));
    const revised = await save(answer('reply', original, { text: 'second' }), draft.id, draft.version);
    expect(revised.message.threadId).toBe(original.threadId);
    const sent = await sendsDraft(account, revised);
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    expect(arrived.content?.inReplyTo).toEqual([original.internetMessageId]);
    expect(lines(arrived.content?.text)).toBe('second');
  });

  it('deletes a draft of the version that is meant, and never what was sent', async () => {
    const draft = await save(compose({ subject: 'Delete me' }));
    const revised = await save(compose({ subject: 'Delete me' }), draft.id);
    await expect(account.session.deleteDraft(draft.id, draft.version, interactive())).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await draftsCalled('Delete me')).toHaveLength(1);
    await account.session.deleteDraft(draft.id, revised.version, interactive());
    expect(await draftsCalled('Delete me')).toEqual([]);
    await expect(account.session.deleteDraft(draft.id, null, interactive())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const [gone] = await account.session.getDrafts([draft.id], interactive());
    expect(isMailError(gone) && gone.code).toBe('NOT_FOUND');

    const kept = await save(compose({ to: [them()], subject: 'Keep me' }));
    const sent = await sendsDraft(account, kept);
    await expect(account.session.deleteDraft(kept.id, null, interactive())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(mailCalled(account.session, sent.internetMessageId ?? '')).resolves.toMatchObject({
      subject: 'Keep me',
    });
  });

  it('brings a delivery report back from an address that takes no mail', async () => {
    const sent = await sends(
      account,
      compose({ to: [{ name: null, address: 'bounce@mail.example' }], subject: 'Anyone there?' }),
    );
    // A provider may list the mails of one second in any order, and on a fast machine that second has those of other tests.
    const { items } = await account.session.listMessages(
      { mailboxId: null, where: null },
      { size: 50, after: null },
      interactive(),
    );
    const report = items.find((m) => !isUnreadable(m) && m.from?.address.startsWith('mailer-daemon@'));
    if (!report || isUnreadable(report)) throw new Error('no delivery report');
    const { content } = await read(account.session, report.id);
    expect(content?.inReplyTo).toEqual([sent.internetMessageId]);
    expect(content?.text).toContain('bounce@mail.example');
  });
});
