import { expect, test } from 'vitest';
import { mailFromRaw } from '../mail/received.ts';
import { googleFor, MAIL_SCOPE, ME, mail, refusal, scope, USER } from '../testing/google.ts';

const { running } = googleFor('file', { scopes: [MAIL_SCOPE, scope('settings.basic')] });

const decode = (data: string | null | undefined) => Buffer.from(data ?? '', 'base64url').toString();

test('pages neither repeat nor skip while mail arrives, also within one second', async () => {
  const at = new Date('2026-02-01T12:00:00Z');
  running().emulator.fill(
    ME,
    Array.from({ length: 60 }, () => mail({ date: at })),
  );
  const seen: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await running().users.messages.list({ ...USER, maxResults: 7, ...(pageToken ? { pageToken } : {}) });
    seen.push(...(page.data.messages ?? []).map(({ id }) => id ?? ''));
    pageToken = page.data.nextPageToken ?? undefined;
    if (seen.length < 30) running().emulator.deliver(ME, mail({ date: new Date() }));
  } while (pageToken);
  expect(seen.length).toBe(60);
  expect(new Set(seen).size).toBe(60);
  expect(await refusal(running().users.messages.list({ ...USER, pageToken: 'rubbish' }))).toMatchObject({
    status: 400,
  });
});

test('each format has the fields that Google documents', async () => {
  const id = running().emulator.deliver(
    ME,
    mail({
      subject: 'Grüße',
      text: 'Tea & "cake" <now>',
      html: '<p>Tea</p>',
      files: [{ filename: 'ü.bin', mimeType: 'application/octet-stream', bytes: Buffer.from([0, 255, 1]) }],
    }),
  );
  const full = (await running().users.messages.get({ ...USER, id })).data;
  expect(full.snippet).toBe('Tea &amp; &quot;cake&quot; &lt;now&gt;');
  expect(full.labelIds).toEqual(['INBOX', 'CATEGORY_PERSONAL', 'UNREAD']);
  expect(full.payload?.headers).toContainEqual({ name: 'Subject', value: '=?UTF-8?B?R3LDvMOfZQ==?=' });
  expect(full.payload?.mimeType).toBe('multipart/mixed');
  const [body, file] = full.payload?.parts ?? [];
  expect(body?.parts?.map(({ partId, mimeType }) => [partId, mimeType])).toEqual([
    ['0.0', 'text/plain'],
    ['0.1', 'text/html'],
  ]);
  expect(file).toMatchObject({ partId: '1', filename: 'ü.bin', body: { size: 3 } });
  expect(file?.body?.data).toBeUndefined();
  const attachment = await running().users.messages.attachments.get({
    ...USER,
    messageId: id,
    id: file?.body?.attachmentId ?? '',
  });
  expect(Buffer.from(attachment.data.data ?? '', 'base64url')).toEqual(Buffer.from([0, 255, 1]));
  const wrong = running().users.messages.attachments.get({ ...USER, messageId: id, id: 'ANGjdJxxxx' });
  expect(await refusal(wrong)).toMatchObject({ status: 400 });

  const metadata = (
    await running().users.messages.get({ ...USER, id, format: 'metadata', metadataHeaders: ['subject'] })
  ).data;
  expect(metadata.payload).toEqual({
    mimeType: 'multipart/mixed',
    headers: [{ name: 'Subject', value: '=?UTF-8?B?R3LDvMOfZQ==?=' }],
  });
  expect((await running().users.messages.get({ ...USER, id, format: 'minimal' })).data.payload).toBeUndefined();
  const raw = (await running().users.messages.get({ ...USER, id, format: 'raw' })).data;
  expect(decode(raw.raw)).toContain('Message-ID: <letter-');
  expect(raw.payload).toBeUndefined();
});

test('headers are unchanged, or decoded and without the quotes of names', async () => {
  const id = running().emulator.deliver(
    ME,
    mailFromRaw(
      Buffer.from(
        'From: =?utf-8?Q?Bank_=3Chelp=40bank.example=3E?= <m@evil.example>\r\nTo: "Doe, Jane" <"j d"@x.example>, G: a@x.example (=?utf-8?Q?=C3=84?=);\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx',
      ),
      { key: 'spelled', receivedAt: new Date() },
    ),
  );
  const listed = async () => {
    const { payload } = (await running().users.messages.get({ ...USER, id })).data;
    return payload?.headers?.map(({ value }) => value);
  };
  const written = await listed();
  running().emulator.setHeaders?.(ME, 'decoded');
  const decoded = await listed();
  running().emulator.setHeaders?.(ME, 'written');
  expect(written).toEqual([
    '=?utf-8?Q?Bank_=3Chelp=40bank.example=3E?= <m@evil.example>',
    '"Doe, Jane" <"j d"@x.example>, G: a@x.example (=?utf-8?Q?=C3=84?=);',
    '=?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  ]);
  expect(decoded).toEqual([
    'Bank <help@bank.example> <m@evil.example>',
    'Doe, Jane <"j d"@x.example>, G: a@x.example (Ä);',
    'Grüße',
  ]);
});

test('text is UTF-8 whatever its charset was, large text is an attachmentId, a nested message is a tree', async () => {
  const latin = running().emulator.deliver(ME, mail({ text: 'Müller', charset: 'iso-8859-1' }));
  expect(decode((await running().users.messages.get({ ...USER, id: latin })).data.payload?.body?.data)).toContain(
    'Müller',
  );

  const large = running().emulator.deliver(ME, mail({ text: 'ü'.repeat(200_000) }));
  const body = (await running().users.messages.get({ ...USER, id: large })).data.payload?.body;
  expect(body?.data).toBeUndefined();
  const text = await running().users.messages.attachments.get({
    ...USER,
    messageId: large,
    id: body?.attachmentId ?? '',
  });
  expect(decode(text.data.data).trim()).toBe('ü'.repeat(200_000));

  const nested = [
    'From: a@example.org',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: Inner',
    '',
    'inside',
    '--b--',
    '',
  ].join('\r\n');
  const id = running().emulator.deliver(
    ME,
    mailFromRaw(Buffer.from(nested), { key: 'nested', receivedAt: new Date() }),
  );
  const part = (await running().users.messages.get({ ...USER, id })).data.payload?.parts?.[0];
  expect(part).toMatchObject({ mimeType: 'message/rfc822', parts: [{ partId: '0.0', mimeType: 'text/plain' }] });
});

test('fields masks reduce answers, and unknown fields are refused', async () => {
  const id = running().emulator.deliver(ME, mail({ subject: 'Masked' }));
  const masked = (await running().users.messages.get({ ...USER, id, fields: 'id,payload(headers/name,mimeType)' }))
    .data;
  expect(Object.keys(masked)).toEqual(['id', 'payload']);
  expect(Object.keys(masked.payload ?? {}).sort()).toEqual(['headers', 'mimeType']);
  expect(Object.keys(masked.payload?.headers?.[0] ?? {})).toEqual(['name']);
  const list = (await running().users.messages.list({ ...USER, maxResults: 2, fields: 'messages/id' })).data;
  expect(Object.keys(list)).toEqual(['messages']);
  for (const fields of ['nothing', 'id,', 'payload(', 'id/x', '__proto__', 'constructor(a)'])
    expect((await refusal(running().users.messages.get({ ...USER, id, fields }))).status).toBe(400);
});

test('unknown parameters, fields, ids and labels are refused as Google does', async () => {
  const get = (path: string) => fetch(`${running().url}/gmail/v1/users/me/${path}`, { headers: { authorization } });
  const authorization = `Bearer ${running().accessToken}`;
  expect((await get('messages?limit=5')).status).toBe(400);
  expect((await get('messages?maxResults=many')).status).toBe(400);
  expect((await get('messages/zzz')).status).toBe(400);
  expect((await get('messages/1234567890abcdef')).status).toBe(404);
  expect((await get('messages?labelIds=NO_SUCH')).status).toBe(400);
  expect((await get('nothing')).status).toBe(404);
  const id = running().emulator.deliver(ME, mail());
  const modify = (requestBody: object) => refusal(running().users.messages.modify({ ...USER, id, requestBody }));
  expect((await modify({ addLabels: ['X'] })).status).toBe(400);
  expect((await modify({ addLabelIds: ['NO_SUCH'] })).message).toBe('Invalid label: NO_SUCH');
  expect((await modify({ addLabelIds: ['SENT'] })).status).toBe(400);
  expect((await modify({})).status).toBe(400);
  expect(await refusal(running().users.messages.list({ userId: 'other@gmail.example' }))).toMatchObject({
    status: 403,
  });
});

test('labels are counted, created, changed and deleted; system labels cannot be changed', async () => {
  const { data: label } = await running().users.labels.create({
    ...USER,
    requestBody: { name: 'Trips/Lisbon', color: { textColor: '#000000', backgroundColor: '#16a765' } },
  });
  const id = running().emulator.deliver(ME, mail());
  await running().users.messages.modify({ ...USER, id, requestBody: { addLabelIds: [label.id ?? ''] } });
  const counts = (await running().users.labels.get({ ...USER, id: label.id ?? '' })).data;
  expect(counts).toMatchObject({
    messagesTotal: 1,
    messagesUnread: 1,
    threadsTotal: 1,
    threadsUnread: 1,
    type: 'user',
  });
  const listed = (await running().users.labels.list(USER)).data.labels?.find((each) => each.id === label.id);
  expect(listed).not.toHaveProperty('messagesTotal');
  const create = (requestBody: object) => refusal(running().users.labels.create({ ...USER, requestBody }));
  expect(await create({ name: 'trips/lisbon' })).toMatchObject({ status: 409, reason: 'aborted' });
  expect((await create({ name: 'inbox' })).status).toBe(400);
  expect((await create({ name: 'X', color: { textColor: '#123456', backgroundColor: '#000000' } })).status).toBe(400);
  expect((await refusal(running().users.labels.delete({ ...USER, id: 'INBOX' }))).status).toBe(400);
  await running().users.labels.patch({ ...USER, id: label.id ?? '', requestBody: { name: 'Porto' } });
  await running().users.labels.delete({ ...USER, id: label.id ?? '' });
  expect((await running().users.messages.get({ ...USER, id, format: 'minimal' })).data.labelIds).not.toContain(
    label.id,
  );
});

test('replies join their thread by References and subject, and the subject alone joins nothing where that is set', async () => {
  running().emulator.setSubjectThreads?.(ME, 'apart');
  const first = running().emulator.deliver(ME, mail({ subject: 'Plan', messageId: '<plan@x>' }));
  const reply = running().emulator.deliver(
    ME,
    mail({ subject: 'RE: Plan', references: ['<plan@x>'], inReplyTo: ['<plan@x>'] }),
  );
  const stranger = running().emulator.deliver(ME, mail({ subject: 'Plan' }));
  const renamed = running().emulator.deliver(ME, mail({ subject: 'Other', references: ['<plan@x>'] }));
  const threadOf = async (id: string) =>
    (await running().users.messages.get({ ...USER, id, format: 'minimal' })).data.threadId;
  expect(await threadOf(reply)).toBe(first);
  expect(await threadOf(stranger)).toBe(stranger);
  expect(await threadOf(renamed)).toBe(renamed);
  const thread = (await running().users.threads.get({ ...USER, id: first, format: 'minimal' })).data;
  expect(thread.messages?.map(({ id }) => id)).toEqual([first, reply]);
  const listed = (await running().users.threads.list({ ...USER, q: 'subject:plan' })).data.threads?.map(({ id }) => id);
  expect(listed?.toSorted()).toEqual([first, stranger].toSorted());
});

test('trash removes from the inbox, batchModify ignores deleted messages, batchDelete deletes', async () => {
  const ids = [mail(), mail(), mail()].map((each) => running().emulator.deliver(ME, each));
  const [first = '', second = '', third = ''] = ids;
  const trashed = (await running().users.messages.trash({ ...USER, id: first })).data;
  expect(trashed.labelIds).toContain('TRASH');
  expect(trashed.labelIds).not.toContain('INBOX');
  const shown = (await running().users.messages.list(USER)).data.messages?.map(({ id }) => id);
  expect(shown).not.toContain(first);
  const batch = { ids: [second, '1000000000000000', third], removeLabelIds: ['UNREAD'] };
  expect((await running().users.messages.batchModify({ ...USER, requestBody: batch })).status).toBe(204);
  expect((await running().users.messages.get({ ...USER, id: third, format: 'minimal' })).data.labelIds).not.toContain(
    'UNREAD',
  );
  await running().users.messages.batchDelete({ ...USER, requestBody: { ids } });
  expect((await refusal(running().users.messages.get({ ...USER, id: second }))).status).toBe(404);
  const many = Array.from({ length: 1001 }, (_, index) => index.toString(16));
  const wide = running().users.messages.batchModify({ ...USER, requestBody: { ids: many, addLabelIds: ['STARRED'] } });
  expect((await refusal(wide)).status).toBe(400);
});

test('sendAs lists the address, its alias and an unverified one', async () => {
  const { data } = await running().users.settings.sendAs.list(USER);
  expect(data.sendAs).toMatchObject([
    { sendAsEmail: ME, displayName: 'Demo User', isPrimary: true, isDefault: true },
    { sendAsEmail: 'demo.alias@gmail.example', verificationStatus: 'accepted' },
    { sendAsEmail: 'demo.unproven@gmail.example', verificationStatus: 'pending' },
  ]);
  await running().users.settings.sendAs.patch({ ...USER, sendAsEmail: ME, requestBody: { signature: 'Yours' } });
  expect((await running().users.settings.sendAs.get({ ...USER, sendAsEmail: ME })).data.signature).toBe('Yours');
});
