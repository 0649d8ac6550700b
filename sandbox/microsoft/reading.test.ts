import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { composeRaw } from '../mail/compose.ts';
import { INBOX_UNREAD, mailFromRaw } from '../mail/received.ts';
import { graphClient, letter, ME, mail, microsoftFor, signIn, startMicrosoft } from '../testing/microsoft.ts';

const { running, graph, direct } = microsoftFor('file');

const at = (ms: number) => new Date(Date.UTC(2026, 0, 10, 12, 0, 0, ms));

describe('a list of messages', () => {
  beforeAll(() => {
    running().emulator.fill(
      ME,
      Array.from({ length: 12 }, (_, n) =>
        mail(
          { subject: `Report ${n}`, date: at(n * 400), messageId: `<r${n}@x>` },
          { isRead: n % 2 === 0, labels: n < 3 ? ['Blue category'] : [] },
        ),
      ),
    );
  });

  it('is ten to a page, newest first, in whole seconds', async () => {
    const { body } = await graph('/me/messages');
    expect(body.value.map((message: { subject: string }) => message.subject).slice(0, 3)).toEqual([
      'Report 11',
      'Report 10',
      'Report 9',
    ]);
    expect(body.value).toHaveLength(10);
    expect(body.value[0]?.receivedDateTime).toBe('2026-01-10T12:00:04Z');
    expect(body.value[0]).toMatchObject({
      internetMessageId: '<r11@x>',
      isRead: false,
      from: { emailAddress: { name: 'Ada Lovelace', address: 'ada@example.org' } },
    });
    expect(body.value[0]).not.toHaveProperty('uniqueBody');
    expect(body.value[0]).not.toHaveProperty('internetMessageHeaders');
    const next = await graph(body['@odata.nextLink']);
    expect(next.body.value).toHaveLength(2);
    expect(next.body).not.toHaveProperty('@odata.nextLink');
  });

  it('shifts while mail arrives, as the pages of Graph do', async () => {
    const first = await graph('/me/messages?$top=3&$select=subject');
    const id = running().emulator.deliver(ME, mail({ subject: 'Late', date: at(60_000) }));
    const second = await graph(first.body['@odata.nextLink']);
    expect(second.body.value[0]?.subject).toBe(first.body.value[2]?.subject);
    running().emulator.touch(ME, id, 'delete');
  });

  it('filters, sorts and counts', async () => {
    const unread = await graph('/me/messages?$filter=isRead eq false&$count=true&$top=2&$select=subject,isRead');
    expect(unread.body['@odata.count']).toBe(6);
    const blue = await graph("/me/messages?$filter=categories/any(c:c eq 'Blue category')&$select=subject");
    expect(blue.body.value).toHaveLength(3);
    const sorted = await graph(
      "/me/messages?$filter=receivedDateTime ge 2026-01-10T12:00:00Z and contains(subject,'report 1')&$orderby=receivedDateTime&$select=subject",
    );
    expect(sorted.body.value.map((message: { subject: string }) => message.subject)).toEqual([
      'Report 1',
      'Report 10',
      'Report 11',
    ]);
    const from = await graph(
      "/me/messages?$filter=from/emailAddress/address eq 'ADA@example.org' and not(isRead eq true)&$select=id&$top=50",
    );
    expect(from.body.value).toHaveLength(6);
    const { bytes } = await graph(
      "/me/messages/$count?$filter=subject eq 'Report 4' or startswith(subject,'Report 1')",
    );
    expect(String(bytes)).toBe('4');
  });

  it('compares milliseconds, although it does not show them', async () => {
    const { body } = await graph(
      '/me/messages?$filter=receivedDateTime le 2026-01-10T12:00:04Z&$top=1&$select=receivedDateTime,subject&$orderby=receivedDateTime desc',
    );
    expect(body.value[0]?.subject).toBe('Report 10');
  });

  it.each([
    ['/me/messages?$filter=isRead eq false&$orderby=receivedDateTime desc', 'InefficientFilter'],
    [
      "/me/messages?$filter=subject eq 'a' and receivedDateTime ge 2026-01-01T00:00:00Z&$orderby=receivedDateTime desc",
      'InefficientFilter',
    ],
    ['/me/messages?$search="a"&$orderby=receivedDateTime', 'SearchWithOrderBy'],
    ['/me/messages?$search="a"&$filter=isRead eq true', 'SearchWithFilter'],
    ['/me/messages?$filter=isJunk eq true', 'RequestBroker--ParseUri'],
    ['/me/messages?$select=isJunk', 'BadRequest'],
    ['/me/messages?$filter=isRead eq', 'BadRequest'],
    ['/me/messages?$top=1001', 'BadRequest'],
    ['/me/mailFolders/nowhere', 'ErrorInvalidIdMalformed'],
    ['/me/messages/AAMkADAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'ErrorItemNotFound'],
    ['/me/nothing', 'BadRequest'],
  ])('refuses %s with %s', async (path, code) => {
    const { status, body } = await direct(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error.code).toBe(code);
    expect(body.error.innerError).toHaveProperty('request-id');
  });
});

describe('one message', () => {
  let id: string;
  beforeEach(() => {
    const html = '<html><body><p>See <img src="cid:logo@x"></p><blockquote>before</blockquote></body></html>';
    id = running().emulator.deliver(
      ME,
      mail({
        subject: 'Grüße aus 東京',
        html,
        text: null,
        headers: { 'X-Mailer': 'test' },
        files: [
          { filename: 'logo.png', mimeType: 'image/png', bytes: Buffer.from('png'), contentId: 'logo@x' },
          { filename: 'data.bin', mimeType: 'application/octet-stream', bytes: Buffer.from([0, 1, 254, 255]) },
        ],
      }),
    );
  });

  it('has its parts when they are selected', async () => {
    const { body } = await graph(
      `/me/messages/${id}?$select=subject,body,uniqueBody,internetMessageHeaders,hasAttachments&$expand=attachments($select=name,isInline)`,
    );
    expect(body).toMatchObject({ subject: 'Grüße aus 東京', hasAttachments: true, body: { contentType: 'html' } });
    expect(body.uniqueBody.content).not.toContain('before');
    expect(body.internetMessageHeaders).toContainEqual({ name: 'X-Mailer', value: 'test' });
    expect(body.attachments.map(({ name, isInline }) => [name, isInline])).toEqual([
      ['logo.png', true],
      ['data.bin', false],
    ]);
    expect(body.attachments[0]).not.toHaveProperty('contentBytes');
  });

  it('gives its body as text when that is preferred', async () => {
    const { body, headers } = await graph(`/me/messages/${id}?$select=body`, {
      headers: { prefer: 'outlook.body-content-type="text", IdType="ImmutableId"' },
    });
    expect(body.body.contentType).toBe('text');
    expect(body.body.content).not.toContain('<');
    expect(headers.get('preference-applied')).toContain('outlook.body-content-type="text"');
  });

  it('gives attachments with their bytes, one by one too, and the MIME', async () => {
    const { body } = await graph(`/me/messages/${id}/attachments`);
    const data = body.value.find(({ name }) => name === 'data.bin');
    expect(Buffer.from(data?.contentBytes ?? '', 'base64')).toEqual(Buffer.from([0, 1, 254, 255]));
    expect((await graph(`/me/messages/${id}/attachments/${data?.id}`)).body.contentBytes).toBe(data?.contentBytes);
    expect((await graph(`/me/messages/${id}/attachments/${data?.id}/$value`)).bytes).toEqual(
      Buffer.from([0, 1, 254, 255]),
    );
    expect(String((await graph(`/me/messages/${id}/$value`)).bytes)).toContain('Message-ID: <letter-');
    const named = await graph(`/me/messages/${id}/attachments?$select=id,name,size`);
    expect(named.body.value[0]).not.toHaveProperty('contentBytes');
  });

  it('has its size as an extended property', async () => {
    const { body } = await graph(
      `/me/messages/${id}?$select=id&$expand=singleValueExtendedProperties($filter=id eq 'LONG 0x0E08' or id eq 'Integer 0x1081')`,
    );
    expect(body.singleValueExtendedProperties).toEqual([{ id: 'Long 0xe08', value: expect.stringMatching(/^\d+$/) }]);
  });

  it('opens a message attached to it', async () => {
    const inner = composeRaw(letter({ subject: 'Inside' })).toString('latin1');
    const raw = `From: a@x.example\r\nSubject: Outside\r\nMessage-ID: <out@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--b--\r\n`;
    const outer = running().emulator.deliver(
      ME,
      mailFromRaw(Buffer.from(raw, 'latin1'), { key: 'outer', receivedAt: at(0), placement: INBOX_UNREAD }),
    );
    const { body } = await graph(`/me/messages/${outer}/attachments`);
    expect(body.value[0]?.['@odata.type']).toBe('#microsoft.graph.itemAttachment');
    const opened = await graph(
      `/me/messages/${outer}/attachments/${body.value[0]?.id}?$expand=microsoft.graph.itemAttachment/item`,
    );
    expect(opened.body.item.subject).toBe('Inside');
  });
});

it('lists a folder of 50,000 quickly', async () => {
  const many = await startMicrosoft();
  const envelope = mail().envelope;
  const raw = Buffer.from('Subject: x\r\n\r\nx');
  const heavy = () => {
    throw new Error('a list read the MIME of a message');
  };
  many.emulator.fill(
    ME,
    Array.from({ length: 50_000 }, (_, n) => ({
      key: `k${n}`,
      receivedAt: at(n),
      placement: INBOX_UNREAD,
      envelope,
      raw: () => raw,
      mime: heavy,
    })),
  );
  const client = graphClient(many.url, (await signIn(many.url)).access_token);
  const { body, status } = await client(
    '/me/mailFolders/inbox/messages?$top=50&$select=subject,from,receivedDateTime,isRead,hasAttachments&$skip=25000&$count=true',
  );
  expect(status).toBe(200);
  expect(body['@odata.count']).toBe(50_000);
  await many.close();
});

describe('a replica that lags behind', () => {
  const read = async (id: string) => {
    const { status, body } = await graph(`/me/messages/${id}?$select=isRead,parentFolderId`);
    return status === 200 ? body.isRead : status;
  };

  it('does not know a message that is new, and returns what one was before its last change', async () => {
    const { emulator } = running();
    const deliver = (subject: string) => emulator.deliver(ME, mail({ subject, date: at(0) }));
    const old = deliver('there before');
    emulator.setReplicaLag?.(ME, 3_600, 'read');
    const fresh = deliver('not there yet');
    emulator.touch(ME, old, 'read');
    emulator.touch(ME, old, 'star');
    expect([await read(old), await read(fresh)]).toEqual([false, 404]);
    const { body } = await graph('/me/messages?$top=2&$select=subject,isRead');
    expect(body.value).toHaveLength(2);
    emulator.setReplicaLag?.(ME, 0, 'read');
    expect([await read(old), await read(fresh)]).toEqual([true, false]);
    emulator.touch(ME, old, 'unread');
    emulator.setReplicaLag?.(ME, 3_600, 'read');
    expect(await read(old)).toBe(false);
  });
});
