import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeRaw } from '../../sandbox/mail/compose.ts';
import { envelopeOf } from '../../sandbox/mail/envelope.ts';
import { parseMime } from '../../sandbox/mail/mime.ts';
import {
  type Graph,
  graphClient,
  letter,
  ME,
  type Microsoft,
  mail,
  signIn,
  startMicrosoft,
} from '../support/microsoft-emulator.ts';

const FRIEND = 'friend@elsewhere.example';
let microsoft: Microsoft;
let graph: Graph;
let direct: Graph;
const sentElsewhere: { raw: Buffer; to: readonly string[] }[] = [];
beforeAll(async () => {
  microsoft = await startMicrosoft({ deliverElsewhere: (raw, to) => sentElsewhere.push({ raw, to }) });
  microsoft.emulator.createAccount('colleague@outlook.example', 'Colleague');
  const { access_token } = await signIn(microsoft.url);
  graph = graphClient(microsoft.via, access_token);
  direct = graphClient(microsoft.url, access_token);
});
afterAll(() => microsoft.close());

const post = (path: string, body?: unknown) =>
  graph(path, body === undefined ? { method: 'POST' } : { method: 'POST', body });
const to = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { address } }));
const base64 = (raw: Buffer) => raw.toString('base64');

describe('moving', () => {
  it('changes the id, but not the immutable one; both find the message', async () => {
    const immutable = microsoft.emulator.deliver(ME, mail());
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
    const id = microsoft.emulator.deliver(ME, mail());
    expect((await graph(`/me/mailFolders/inbox/messages/${id}?$select=id`)).status).toBe(200);
    expect((await graph(`/me/mailFolders/archive/messages/${id}?$select=id`)).status).toBe(404);
    expect((await graph(`/users/${ME}/messages/${id}?$select=id`)).status).toBe(200);
  });

  it('copies, deletes softly, and deletes for good', async () => {
    const id = microsoft.emulator.deliver(ME, mail());
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
    const id = microsoft.emulator.deliver(ME, mail());
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

  it('refuses what only a draft lets be changed, and what is no property', async () => {
    const id = microsoft.emulator.deliver(ME, mail());
    expect((await graph(`/me/messages/${id}`, { method: 'PATCH', body: { subject: 'Forged' } })).body.error.code).toBe(
      'ErrorInvalidPropertySet',
    );
    expect((await direct(`/me/messages/${id}`, { method: 'PATCH', body: { isJunk: true } })).body.error.code).toBe(
      'RequestBodyRead',
    );
    expect((await direct(`/me/messages/${id}`, { method: 'PATCH', body: { isRead: 'yes' } })).status).toBe(400);
  });
});

describe('drafts', () => {
  it('are made, changed, given files and sent: the same immutable id', async () => {
    const made = await post('/me/messages', {
      subject: 'Draft',
      body: { contentType: 'html', content: '<p>Hi</p>' },
      toRecipients: to(FRIEND, 'colleague@outlook.example'),
      bccRecipients: to('secret@elsewhere.example'),
      internetMessageHeaders: [{ name: 'x-postern', value: '1' }],
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ isDraft: true, isRead: true, from: { emailAddress: { address: ME } } });
    const { id } = made.body;
    await graph(`/me/messages/${id}`, { method: 'PATCH', body: { subject: 'Grüße' } });
    const file = {
      '@odata.type': '#microsoft.graph.fileAttachment',
      name: 'naïve.txt',
      contentType: 'text/plain',
      contentBytes: base64(Buffer.from('file')),
    };
    expect((await post(`/me/messages/${id}/attachments`, file)).status).toBe(201);
    expect((await post(`/me/messages/${id}/send`)).status).toBe(202);

    const sent = (
      await graph(`/me/messages/${id}?$select=isDraft,subject,parentFolderId,internetMessageId,hasAttachments`)
    ).body;
    expect(sent).toMatchObject({ isDraft: false, subject: 'Grüße', hasAttachments: true });
    expect(sent.parentFolderId).toBe((await graph('/me/mailFolders/sentitems?$select=id')).body.id);
    const mine = sentElsewhere.at(-1);
    expect(mine?.to).toEqual([FRIEND, 'secret@elsewhere.example']);
    const raw = mine?.raw ?? Buffer.alloc(0);
    const read = envelopeOf(parseMime(raw), raw.length);
    expect(read).toMatchObject({ subject: 'Grüße', messageId: sent.internetMessageId, bcc: [], hasAttachment: true });
    expect(raw.toString()).toMatch(/x-postern: 1/i);
    expect(microsoft.emulator.dump('colleague@outlook.example')).toEqual([
      expect.objectContaining({ internetMessageId: sent.internetMessageId, mailbox: 'inbox' }),
    ]);
    expect((await direct(`/me/messages/${id}/send`, { method: 'POST' })).status).toBe(400);
  });

  it('come from MIME too, whole', async () => {
    const raw = composeRaw(
      letter({
        from: { name: 'Demo', address: ME },
        subject: 'From MIME',
        to: [{ name: '', address: FRIEND }],
        html: '<b>x</b>',
        headers: { References: '<a@x> <b@x>', Bcc: 'hidden@elsewhere.example' },
      }),
    );
    const made = await graph('/me/messages', { method: 'POST', body: base64(raw) });
    expect(made.body).toMatchObject({ isDraft: true, subject: 'From MIME' });
    await post(`/me/messages/${made.body.id}/send`);
    expect(sentElsewhere.at(-1)?.to).toEqual([FRIEND, 'hidden@elsewhere.example']);
    expect(sentElsewhere.at(-1)?.raw.toString()).not.toContain('hidden@');
    expect((await direct('/me/messages', { method: 'POST', body: 'not base64!' })).body.error.code).toBe(
      'ErrorMimeContentInvalidBase64String',
    );
  });

  it('take large files in pieces of any length below 4 MB, at a URL without a token', async () => {
    const { body: draft } = await post('/me/messages', { subject: 'Large', toRecipients: to(FRIEND) });
    const bytes = Buffer.alloc(3_300_000, 7);
    const session = await post(`/me/messages/${draft.id}/attachments/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'big.bin', size: bytes.length },
    });
    expect(session.status).toBe(201);
    const put = (from: number, to: number, headers: Record<string, string> = {}, url = session.body.uploadUrl) =>
      fetch(url, {
        method: 'PUT',
        headers: {
          'content-range': `bytes ${from}-${to - 1}/${bytes.length}`,
          'content-type': 'application/octet-stream',
          ...headers,
        },
        body: bytes.subarray(from, to),
      });
    const past = session.body.uploadUrl.replace(microsoft.via, microsoft.url);
    expect((await put(0, 2_097_152, { authorization: 'Bearer x' }, past)).status).toBe(401);
    // What outlook-large-attachments shows: no multiple of 320 KiB.
    const first = await put(0, 2_097_152);
    expect(await first.json()).toMatchObject({ nextExpectedRanges: ['2097152'] });
    expect((await put(1, 2)).status).toBe(416);
    const last = await put(2_097_152, bytes.length);
    expect(last.status).toBe(201);
    expect(last.headers.get('location')).toContain('/Attachments(');
    const { body } = await graph(`/me/messages/${draft.id}/attachments?$select=name,size`);
    expect(body.value).toEqual([expect.objectContaining({ name: 'big.bin', size: bytes.length })]);
  });

  it('take a file directly up to 3,145,611 bytes, and a session from 2,097,152 on', async () => {
    const { body: draft } = await post('/me/messages', { subject: 'Bounds', toRecipients: to(FRIEND) });
    const direct = (size: number) =>
      post(`/me/messages/${draft.id}/attachments`, {
        '@odata.type': '#microsoft.graph.fileAttachment',
        name: 'f',
        contentBytes: Buffer.alloc(size).toString('base64'),
      });
    const begin = (size: number) =>
      post(`/me/messages/${draft.id}/attachments/createUploadSession`, {
        AttachmentItem: { attachmentType: 'file', name: 'f', size },
      });
    expect((await direct(3_145_611)).status).toBe(201);
    expect(await direct(3_145_612)).toMatchObject({ status: 413, body: { error: { code: 'RequestEntityTooLarge' } } });
    expect((await begin(2_097_152)).status).toBe(201);
    expect(await begin(2_097_151)).toMatchObject({
      status: 400,
      body: { error: { code: 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize' } },
    });
  });

  it('refuse a piece while another upload session of the message is not over', async () => {
    const { body: draft } = await post('/me/messages', { subject: 'Overlapping', toRecipients: to(FRIEND) });
    const begin = async (): Promise<string> => {
      const AttachmentItem = { attachmentType: 'file', name: 'big.bin', size: 2_621_440 };
      return (await post(`/me/messages/${draft.id}/attachments/createUploadSession`, { AttachmentItem })).body
        .uploadUrl;
    };
    const put = (url: string, first: number) =>
      fetch(url, {
        method: 'PUT',
        headers: { 'Content-Range': `bytes ${first}-${first + 1_310_719}/2621440` },
        body: Buffer.alloc(1_310_720),
      });
    const [one, other] = [await begin(), await begin()];
    expect((await put(one, 0)).status).toBe(200);
    expect((await put(other, 0)).status).toBe(412);
    expect((await put(one, 1_310_720)).status).toBe(201);
    expect((await put(other, 0)).status).toBe(200);
  });

  it('forget an upload session that was ended, and refuse what the mailbox does not take', async () => {
    const { body: draft } = await post('/me/messages', { subject: 'Ended', toRecipients: to(FRIEND) });
    const begin = (size: number) =>
      post(`/me/messages/${draft.id}/attachments/createUploadSession`, {
        AttachmentItem: { attachmentType: 'file', name: 'big.bin', size },
      });
    const { uploadUrl } = (await begin(5_000_000)).body;
    expect(await (await fetch(uploadUrl)).json()).toMatchObject({ nextExpectedRanges: ['0'] });
    expect((await fetch(uploadUrl, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(uploadUrl)).status).toBe(404);

    const tips = { EmailAddresses: [ME], MailTipsOptions: 'maxMessageSize' };
    const limit = async () => (await post('/me/getMailTips', tips)).body.value[0].maxMessageSize;
    expect(await limit()).toBe(35 * 1024 * 1024);
    expect((await begin(40_000_000)).body.error.code).toBe('ErrorMessageSizeExceeded');
    microsoft.emulator.setMessageLimit?.(ME, 50 * 1024 * 1024);
    expect(await limit()).toBe(50 * 1024 * 1024);
    expect((await begin(40_000_000)).status).toBe(201);
    microsoft.emulator.setMessageLimit?.(ME, 35 * 1024 * 1024);
  });

  it('are refused when they cannot go', async () => {
    const { body: nobody } = await post('/me/messages', { subject: 'To nobody' });
    expect((await post(`/me/messages/${nobody.id}/send`)).body.error.code).toBe('ErrorInvalidRecipients');
    const { body: forged } = await post('/me/messages', {
      subject: 'Forged',
      from: to('boss@outlook.example')[0],
      toRecipients: to(FRIEND),
    });
    expect((await post(`/me/messages/${forged.id}/send`)).body.error.code).toBe('ErrorSendAsDenied');
    const header = await direct('/me/messages', {
      method: 'POST',
      body: { internetMessageHeaders: [{ name: 'In-Reply-To', value: '<a>' }] },
    });
    expect(header.body.error.code).toBe('InvalidInternetMessageHeader');
  });
});

describe('answering', () => {
  it('keeps the conversation, quotes, and remembers the answer', async () => {
    const original = microsoft.emulator.deliver(
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

  it('promises the conversation to what createReply made of MIME, and not to headers alone', async () => {
    const original = microsoft.emulator.deliver(ME, mail({ subject: 'Whose?', messageId: '<whose@x>' }));
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
    const answer = microsoft.emulator.deliver(
      ME,
      mail({ subject: 'Re: Whose?', inReplyTo: ['<one@x>'], references: ['<whose@x>', '<one@x>'] }),
    );
    expect((await graph(`/me/messages/${answer}`)).body.conversationId).toBe(conversationId);
  });

  it('forwards with the files', async () => {
    const original = microsoft.emulator.deliver(
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

it('sends mail that was never a draft, with or without a copy', async () => {
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

it('keeps a master list of categories whose names stay as they are', async () => {
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
