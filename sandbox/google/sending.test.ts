import { beforeEach, expect, test } from 'vitest';
import { composeRaw } from '../mail/compose.ts';
import { googleFor, letter, ME, mail, raw, refusal, USER } from '../testing/google.ts';

const FRIEND = { name: 'Friend', address: 'friend@outlook.example' };
const { running } = googleFor('test', {
  deliverElsewhere: (bytes, to) => elsewhere.push({ raw: bytes.toString(), to }),
});
let elsewhere: { raw: string; to: readonly string[] }[];
beforeEach(() => {
  elsewhere = [];
});

const headersOf = async (id: string | null | undefined) =>
  new Map(
    (await running().users.messages.get({ ...USER, id: id ?? '', format: 'metadata' })).data.payload?.headers?.map(
      ({ name, value }) => [name?.toLowerCase(), value],
    ),
  );

test('sending stores a copy in SENT with a new Message-ID, and delivers to accounts of both vendors without Bcc', async () => {
  running().emulator.createAccount('second@gmail.example', 'Second');
  const bytes = composeRaw(
    letter({ to: [FRIEND, { name: '', address: 'second@gmail.example' }], messageId: '<mine@x>' }),
  );
  const message = Buffer.concat([Buffer.from('Bcc: hidden@example.org\r\n'), bytes]);
  const { data } = await running().users.messages.send({
    ...USER,
    requestBody: { raw: message.toString('base64url') },
  });
  expect(data.labelIds).toEqual(['SENT']);
  const headers = await headersOf(data.id);
  expect(headers.get('from')).toBe(`Demo User <${ME}>`);
  expect(headers.get('bcc')).toBe('hidden@example.org');
  expect(headers.get('message-id')).toMatch(/@mail\.gmail\.com>$/);
  expect(headers.get('x-google-original-message-id')).toBe('<mine@x>');
  expect(elsewhere).toHaveLength(1);
  expect(elsewhere[0]?.to).toEqual([FRIEND.address, 'hidden@example.org']);
  expect(elsewhere[0]?.raw).not.toContain('hidden@example.org');
  expect(running().emulator.dump('second@gmail.example')).toMatchObject([{ mailbox: 'INBOX' }]);
});

test('a reply keeps its thread only when its headers agree', async () => {
  const first = running().emulator.deliver(ME, mail({ subject: 'Plan', messageId: '<plan@x>' }));
  const send = (given: object) =>
    running().users.messages.send({ ...USER, requestBody: { threadId: first, raw: raw({ to: [FRIEND], ...given }) } });
  const reply = await send({ subject: 'Re: Plan', inReplyTo: ['<plan@x>'], references: ['<plan@x>'] });
  expect(reply.data.threadId).toBe(first);
  expect((await send({ subject: 'Re: Plan' })).data.threadId).not.toBe(first);
  const lost = { threadId: '1000000000000000', raw: raw({ to: [FRIEND] }) };
  expect((await refusal(running().users.messages.send({ ...USER, requestBody: lost }))).status).toBe(404);
});

test('an invalid message is refused', async () => {
  const send = (requestBody: object) => refusal(running().users.messages.send({ ...USER, requestBody }));
  expect((await send({})).message).toContain("'raw' RFC822 payload");
  expect((await send({ raw: 'not base64!' })).status).toBe(400);
  expect((await send({ raw: Buffer.from('Subject: x\r\n\r\nhi').toString('base64url') })).message).toBe(
    'Recipient address required',
  );
});

test('mail is uploaded as multipart, and as media only', async () => {
  const bytes = composeRaw(letter({ to: [FRIEND] }));
  const rootUrl = `${running().url}/`;
  const media = { mimeType: 'message/rfc822', body: bytes.toString('latin1') };
  const multipart = await running().users.messages.send({ ...USER, requestBody: {}, media }, { rootUrl });
  expect(multipart.data.labelIds).toEqual(['SENT']);

  const authorization = `Bearer ${running().accessToken}`;
  const upload = `${running().url}/upload/gmail/v1/users/me/messages/send`;
  const alone = await fetch(`${upload}?uploadType=media`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'message/rfc822' },
    body: new Uint8Array(bytes),
  });
  expect(alone.status).toBe(200);
  const wrong = {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: new Uint8Array(bytes),
  };
  expect((await fetch(`${upload}?uploadType=media`, wrong)).status).toBe(400);
});

test('a draft keeps its id while its message changes, and no longer exists once it was sent', async () => {
  const create = { message: { raw: raw({ to: [FRIEND], subject: 'One' }) } };
  const { data: draft } = await running().users.drafts.create({ ...USER, requestBody: create });
  const id = draft.id ?? '';
  expect(draft.message?.labelIds).toEqual(['DRAFT']);
  const update = { message: { raw: raw({ to: [FRIEND], subject: 'Two' }) } };
  const { data: updated } = await running().users.drafts.update({ ...USER, id, requestBody: update });
  expect(updated.id).toBe(id);
  expect(updated.message?.id).not.toBe(draft.message?.id);
  expect(updated.message?.threadId).toBe(draft.message?.threadId);
  const listed = (await running().users.drafts.list(USER)).data.drafts;
  expect(listed).toEqual([{ id, message: { id: updated.message?.id, threadId: updated.message?.threadId } }]);
  expect((await running().users.drafts.get({ ...USER, id })).data.message?.payload?.headers).toContainEqual({
    name: 'Subject',
    value: 'Two',
  });

  const { data: sent } = await running().users.drafts.send({ ...USER, requestBody: { id } });
  expect(sent.labelIds).toEqual(['SENT']);
  expect(sent.threadId).toBe(draft.message?.threadId);
  expect(sent.id).not.toBe(updated.message?.id);
  expect((await refusal(running().users.drafts.get({ ...USER, id }))).status).toBe(404);
  expect((await refusal(running().users.drafts.send({ ...USER, requestBody: { id } }))).status).toBe(404);
  expect((await running().users.drafts.list(USER)).data.drafts).toBeUndefined();
});

test('a draft is deleted permanently', async () => {
  const create = { message: { raw: raw({ to: [FRIEND] }) } };
  const { data } = await running().users.drafts.create({ ...USER, requestBody: create });
  await running().users.drafts.delete({ ...USER, id: data.id ?? '' });
  expect((await refusal(running().users.messages.get({ ...USER, id: data.message?.id ?? '' }))).status).toBe(404);
});

test('insert only stores a mail, import uses the date of its header', async () => {
  const requestBody = { raw: raw({ date: new Date('2020-05-05T05:05:05Z') }), labelIds: ['INBOX'] };
  const { data } = await running().users.messages.import({ ...USER, requestBody });
  const message = (await running().users.messages.get({ ...USER, id: data.id ?? '', format: 'minimal' })).data;
  expect(message).toMatchObject({ labelIds: ['INBOX'], internalDate: String(Date.parse('2020-05-05T05:05:05Z')) });
  expect(elsewhere).toEqual([]);
});
