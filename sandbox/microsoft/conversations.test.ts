import { expect, it } from 'vitest';
import { ME, mail, microsoftFor } from '../testing/microsoft.ts';

const { running, graph } = microsoftFor('file');

it('joins a conversation by references and topic', async () => {
  const first = running().emulator.deliver(ME, mail({ subject: 'Plan', messageId: '<p1@x>' }));
  const reply = running().emulator.deliver(
    ME,
    mail({ subject: 'RE: Plan', messageId: '<p2@x>', inReplyTo: ['<p1@x>'], references: ['<p1@x>'] }),
  );
  const last = running().emulator.deliver(
    ME,
    mail({ subject: 'Re: plan', messageId: '<p3@x>', inReplyTo: ['<p2@x>'] }),
  );
  const alike = running().emulator.deliver(ME, mail({ subject: 'Plan', messageId: '<q1@x>' }));
  const conversation = async (id: string) =>
    (await graph(`/me/messages/${id}?$select=conversationId`)).body.conversationId;
  const [a, b, c, d] = [
    await conversation(first),
    await conversation(reply),
    await conversation(last),
    await conversation(alike),
  ];
  expect(b).toBe(a);
  expect(c).toBe(a);
  expect(d).not.toBe(a);
  const { body } = await graph(`/me/messages?$filter=conversationId eq '${a}'&$select=subject`);
  expect(body.value).toHaveLength(3);
});

it('finds the current messages of a conversation after messages were created, changed, moved and deleted', async () => {
  const root = { messageId: '<i1@x>' };
  const reply = { inReplyTo: ['<i1@x>'], references: ['<i1@x>'] };
  const first = running().emulator.deliver(ME, mail({ subject: 'Index', ...root }));
  const id: string = (await graph(`/me/messages/${first}`)).body.conversationId;
  const idsOf = async (filter: string, folder = '') => {
    const { body } = await graph(`/me/${folder}messages?$filter=${filter}&$top=50&$count=true&$select=id`);
    expect(body['@odata.count']).toBe(body.value.length);
    return body.value.map((message: { id: string }) => message.id);
  };
  /** Returns the messages of the conversation, newest first, and checks that a scan of the whole mailbox finds the same. */
  const found = async (folder?: string) => {
    const indexed = await idsOf(`conversationId eq '${id}'`, folder);
    expect(indexed).toEqual(await idsOf(`conversationId ge '${id}' and conversationId le '${id}'`, folder));
    return indexed;
  };
  expect(await found()).toEqual([first]);

  const second = running().emulator.deliver(ME, mail({ subject: 'Re: Index', messageId: '<i2@x>', ...reply }));
  const draft = (await graph(`/me/messages/${second}/createReply`, { method: 'POST' })).body.id;
  const elsewhere = (await graph('/me/messages', { method: 'POST', body: { subject: 'Index' } })).body.id;
  expect(await found()).toEqual([draft, second, first]);

  await graph(`/me/messages/${first}`, { method: 'PATCH', body: { isRead: false } });
  await graph(`/me/messages/${draft}`, { method: 'PATCH', body: { subject: 'Another topic' } });
  await graph(`/me/messages/${elsewhere}`, { method: 'PATCH', body: { subject: 'Index, too' } });
  expect(await found()).toEqual([draft, second, first]);

  const move = { method: 'POST', body: { destinationId: 'archive' } };
  const moved = (await graph(`/me/messages/${second}/move`, move)).body.id;
  const copy = (await graph(`/me/messages/${first}/copy`, move)).body.id;
  expect(new Set(await found())).toEqual(new Set([draft, moved, copy, first]));
  expect(new Set(await found('mailFolders/archive/'))).toEqual(new Set([moved, copy]));
  expect(await found('mailFolders/inbox/')).toEqual([first]);

  await graph(`/me/messages/${moved}`, { method: 'DELETE' });
  await graph(`/me/messages/${copy}/permanentDelete`, { method: 'POST' });
  expect(await found()).toEqual([draft, first]);
  running().emulator.fill(ME, [mail({ subject: 'RE: index', messageId: '<i3@x>', date: new Date(0), ...reply })]);
  expect(await found()).toHaveLength(3);

  expect(await idsOf(`conversationId eq '${id}' and isRead eq false`)).not.toContain(draft);
  expect(await idsOf(`conversationId eq '${id}' or conversationId eq 'none'`)).toHaveLength(3);
  expect(await idsOf(`not (conversationId eq '${id}') and subject eq 'Index, too'`)).toEqual([elsewhere]);
});
