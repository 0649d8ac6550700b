import { beforeAll, expect, it } from 'vitest';
import { composeRaw } from '../mail/compose.ts';
import { envelopeOf } from '../mail/envelope.ts';
import { parseMime } from '../mail/mime.ts';
import { letter, ME, microsoftFor } from '../testing/microsoft.ts';

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

it('keeps the immutable id of a draft that is created, changed, given attachments and sent', async () => {
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
  expect(running().emulator.dump('colleague@outlook.example')).toEqual([
    expect.objectContaining({ internetMessageId: sent.internetMessageId, mailbox: 'inbox' }),
  ]);
  expect((await direct(`/me/messages/${id}/send`, { method: 'POST' })).status).toBe(400);
});

it('creates a draft from MIME and keeps all of it', async () => {
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

it('accepts large files in pieces of any length below 4 MB, at a URL without a token', async () => {
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
  const past = session.body.uploadUrl.replace(running().via, running().url);
  expect((await put(0, 2_097_152, { authorization: 'Bearer x' }, past)).status).toBe(401);
  // The length that outlook-large-attachments shows, which is not a multiple of 320 KiB.
  const first = await put(0, 2_097_152);
  expect(await first.json()).toMatchObject({ nextExpectedRanges: ['2097152'] });
  expect((await put(1, 2)).status).toBe(416);
  const last = await put(2_097_152, bytes.length);
  expect(last.status).toBe(201);
  expect(last.headers.get('location')).toContain('/Attachments(');
  const { body } = await graph(`/me/messages/${draft.id}/attachments?$select=name,size`);
  expect(body.value).toEqual([expect.objectContaining({ name: 'big.bin', size: bytes.length })]);
});

it('accepts a file directly up to 3,145,611 bytes, and in an upload session from 2,097,152 bytes', async () => {
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

it('refuses a piece while another upload session of the message has not ended', async () => {
  const { body: draft } = await post('/me/messages', { subject: 'Overlapping', toRecipients: to(FRIEND) });
  const begin = async (): Promise<string> => {
    const AttachmentItem = { attachmentType: 'file', name: 'big.bin', size: 2_621_440 };
    return (await post(`/me/messages/${draft.id}/attachments/createUploadSession`, { AttachmentItem })).body.uploadUrl;
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

it('forgets an upload session that was deleted, and refuses what exceeds the limits of the mailbox', async () => {
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
  const limit = async () => (await post('/me/getMailTips', tips)).body.value[0]?.maxMessageSize;
  expect(await limit()).toBe(35 * 1024 * 1024);
  expect((await begin(40_000_000)).body.error.code).toBe('ErrorMessageSizeExceeded');
  running().emulator.setMessageLimit?.(ME, 50 * 1024 * 1024);
  expect(await limit()).toBe(50 * 1024 * 1024);
  expect((await begin(40_000_000)).status).toBe(201);
  running().emulator.setMessageLimit?.(ME, 35 * 1024 * 1024);
});

it('refuses to send without recipients or as another sender, and refuses other headers than x- headers', async () => {
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
