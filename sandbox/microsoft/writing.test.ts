import { beforeAll, describe, expect, it } from 'vitest';
import { composeRaw } from '../mail/compose.ts';
import { letter, ME, mail, microsoftFor } from '../testing/microsoft.ts';

const FRIEND = 'friend@elsewhere.example';
const { running, graph, direct, post } = microsoftFor('file', {
  deliverElsewhere: (raw, to) => sentElsewhere.push({ raw, to }),
});
const sentElsewhere: { raw: Buffer; to: readonly string[] }[] = [];
beforeAll(async () => {
  running().emulator.createAccount('colleague@outlook.example', 'Colleague');
});

const to = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { address } }));
const base64 = (raw: Buffer) => raw.toString('base64');

describe('moving', () => {
  it('changes the id, but not the immutable one; both find the message', async () => {
    const immutable = running().emulator.deliver(ME, mail());
    const plain = { prefer: '' };
    const before = (await graph(`/me/messages/${immutable}?$select=id`, { headers: plain })).body.id;
    expect(before).not.toBe(immutable);
    expect(immutable.length).toBeGreaterThan(before.length);
    const moved = await graph(`/me/messages/${before}/move`, {
      method: 'POST',
      body: { destinationId: 'archive' },
      headers: plain,
    });
    expect(moved.status).toBe(201);
    expect(moved.body.id).not.toBe(before);
    expect((await graph(`/me/messages/${before}`, { headers: plain })).status).toBe(404);
    expect((await graph(`/me/messages/${immutable}`)).body.id).toBe(immutable);
    const again = await post(`/me/messages/${immutable}/move`, { destinationId: 'inbox' });
    expect(again.body.id).toBe(immutable);
    expect(again.headers.get('preference-applied')).toContain('ImmutableId');
  });

  it('reaches a message through its own folder only', async () => {
    const id = running().emulator.deliver(ME, mail());
    expect((await graph(`/me/mailFolders/inbox/messages/${id}?$select=id`)).status).toBe(200);
    expect((await graph(`/me/mailFolders/archive/messages/${id}?$select=id`)).status).toBe(404);
    expect((await graph(`/users/${ME}/messages/${id}?$select=id`)).status).toBe(200);
  });

  it('copies, deletes softly, and deletes permanently', async () => {
    const id = running().emulator.deliver(ME, mail());
    const copy = await post(`/me/messages/${id}/copy`, { destinationId: 'archive' });
    expect(copy.body.id).not.toBe(id);
    expect((await graph(`/me/messages/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(
      (await graph('/me/mailFolders/recoverableitemsdeletions/messages?$select=id')).body.value.map(
        (message: { id: string }) => message.id,
      ),
    ).toContain(id);
    expect(
      (await graph(`/me/messages?$filter=internetMessageId eq '${copy.body.internetMessageId}'&$select=id`)).body.value,
    ).toHaveLength(1);
    expect((await post(`/me/messages/${copy.body.id}/permanentDelete`)).status).toBe(204);
    expect((await graph(`/me/messages/${copy.body.id}`)).status).toBe(404);
  });
});

describe('changing', () => {
  it('reads, flags and categorises, each with a new change key', async () => {
    const id = running().emulator.deliver(ME, mail());
    const before = (await graph(`/me/messages/${id}`)).body;
    const { body } = await graph(`/me/messages/${id}`, {
      method: 'PATCH',
      body: { isRead: true, flag: { flagStatus: 'flagged' }, categories: ['Red category'], importance: 'high' },
    });
    expect(body).toMatchObject({
      isRead: true,
      flag: { flagStatus: 'flagged' },
      categories: ['Red category'],
      importance: 'high',
    });
    expect(body.changeKey).not.toBe(before.changeKey);
    const stale = await graph(`/me/messages/${id}`, {
      method: 'PATCH',
      body: { isRead: false },
      headers: { 'if-match': before['@odata.etag'] },
    });
    expect([stale.status, stale.body.error.code]).toEqual([412, 'ErrorIrresolvableConflict']);
  });

  it('refuses properties that only a draft can change, and unknown ones', async () => {
    const id = running().emulator.deliver(ME, mail());
    expect((await graph(`/me/messages/${id}`, { method: 'PATCH', body: { subject: 'Forged' } })).body.error.code).toBe(
      'ErrorInvalidPropertySet',
    );
    expect((await direct(`/me/messages/${id}`, { method: 'PATCH', body: { isJunk: true } })).body.error.code).toBe(
      'RequestBodyRead',
    );
    expect((await direct(`/me/messages/${id}`, { method: 'PATCH', body: { isRead: 'yes' } })).status).toBe(400);
  });
});

describe('answering', () => {
  it('keeps the conversation, quotes, and records that the message was answered', async () => {
    const original = running().emulator.deliver(
      ME,
      mail({
        subject: 'Question',
        messageId: '<question@x>',
        to: [
          { name: '', address: ME },
          { name: 'Third', address: 'third@x.example' },
        ],
        text: 'Why?',
      }),
    );
    const reply = await post(`/me/messages/${original}/createReplyAll`, { comment: 'Because' });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ subject: 'Re: Question', isDraft: true });
    expect(
      reply.body.toRecipients.map(({ emailAddress }: { emailAddress: { address: string } }) => emailAddress.address),
    ).toEqual(['ada@example.org', 'third@x.example']);
    expect(reply.body.conversationId).toBe((await graph(`/me/messages/${original}`)).body.conversationId);
    expect(reply.body.body.content).toMatch(/Because[\s\S]*Why\?/);
    await post(`/me/messages/${reply.body.id}/send`);
    expect(sentElsewhere.at(-1)?.raw.toString()).toContain('In-Reply-To: <question@x>');
    const { body } = await graph(
      `/me/messages/${original}?$select=id&$expand=singleValueExtendedProperties($filter=id eq 'Integer 0x1081')`,
    );
    expect(body.singleValueExtendedProperties).toEqual([{ id: 'Integer 0x1081', value: '103' }]);
  });

  it('keeps the conversation of a createReply from MIME, and not because of headers alone', async () => {
    const original = running().emulator.deliver(ME, mail({ subject: 'Whose?', messageId: '<whose@x>' }));
    const { conversationId } = (await graph(`/me/messages/${original}`)).body;
    const mime = (messageId: string) =>
      base64(
        composeRaw(
          letter({ from: { name: '', address: ME }, subject: 'Re: Whose?', messageId, references: ['<whose@x>'] }),
        ),
      );
    const path = `/me/messages/${original}/createReply`;
    const reply = await graph(path, { method: 'POST', body: mime('<one@x>') });
    expect(reply.body).toMatchObject({ conversationId, internetMessageId: '<one@x>' });
    const alone = await graph('/me/messages', { method: 'POST', body: mime('<two@x>') });
    expect(alone.body.conversationId).not.toBe(conversationId);
    const answer = running().emulator.deliver(
      ME,
      mail({ subject: 'Re: Whose?', inReplyTo: ['<one@x>'], references: ['<whose@x>', '<one@x>'] }),
    );
    expect((await graph(`/me/messages/${answer}`)).body.conversationId).toBe(conversationId);
  });

  it('forwards with the files', async () => {
    const original = running().emulator.deliver(
      ME,
      mail({ subject: 'Re: Papers', files: [{ filename: 'a.txt', mimeType: 'text/plain', bytes: Buffer.from('a') }] }),
    );
    const forward = await post(`/me/messages/${original}/createForward`, { toRecipients: to(FRIEND) });
    expect(forward.body).toMatchObject({ subject: 'Fw: Papers', hasAttachments: true });
    expect((await post(`/me/messages/${original}/forward`, { toRecipients: to(FRIEND), comment: 'see' })).status).toBe(
      202,
    );
    expect(
      (
        await direct(`/me/messages/${original}/createReply`, {
          method: 'POST',
          body: { comment: 'a', message: { body: { content: 'b' } } },
        })
      ).status,
    ).toBe(400);
  });
});

it('sends mail without a draft, with or without a copy', async () => {
  const message = { subject: 'Direct', body: { contentType: 'text', content: 'now' }, toRecipients: to(FRIEND) };
  const count = async () =>
    (await graph("/me/mailFolders/sentitems/messages?$filter=subject eq 'Direct'&$count=true&$select=id")).body[
      '@odata.count'
    ];
  expect((await post('/me/sendMail', { message, saveToSentItems: false })).status).toBe(202);
  expect(await count()).toBe(0);
  expect((await post('/me/sendMail', { message })).status).toBe(202);
  expect(await count()).toBe(1);
  const raw = composeRaw(
    letter({ from: { name: '', address: ME }, to: [{ name: '', address: FRIEND }], subject: 'Direct' }),
  );
  expect((await graph('/me/sendMail', { method: 'POST', body: base64(raw) })).status).toBe(202);
  expect(await count()).toBe(2);
});

it('keeps a master list of categories whose names cannot be changed', async () => {
  const made = await post('/me/outlook/masterCategories', { displayName: 'Travel', color: 'preset3' });
  expect(made.status).toBe(201);
  expect(
    (await direct('/me/outlook/masterCategories', { method: 'POST', body: { displayName: 'travel' } })).status,
  ).toBe(409);
  const path = `/me/outlook/masterCategories/${made.body.id}`;
  expect((await graph(path, { method: 'PATCH', body: { color: 'preset5' } })).body.color).toBe('preset5');
  expect((await direct(path, { method: 'PATCH', body: { displayName: 'Trips' } })).status).toBe(400);
  expect((await graph(path, { method: 'DELETE' })).status).toBe(204);
});
