import { expect, test } from 'vitest';
import { googleFor, letter, ME, mail, raw, refusal, USER } from '../testing/google.ts';

const DAY_MS = 86_400_000;
const { running } = googleFor('test');

const threadOf = async (id: string | null | undefined) =>
  (await running().users.messages.get({ ...USER, id: id ?? '', format: 'minimal' })).data.threadId;
const at = (days: number) => new Date(letter().date.getTime() + days * DAY_MS);
const addressed = (header: string, value: string) =>
  Buffer.from(`${header}: ${value}\r\nSubject: x\r\n\r\nx`).toString('base64url');

test.each(['@@@@', 'human@f', 'a b', 'Ann <ann@>', 'ann@example.org, nobody'])(
  'a draft and a mail to %s are refused by the name of the header',
  async (value) => {
    for (const header of ['To', 'Cc', 'Bcc']) {
      const message = { raw: addressed(header, value) };
      const refused = { status: 400, reason: 'invalidArgument', message: `Invalid ${header} header` };
      expect(await refusal(running().users.drafts.create({ ...USER, requestBody: { message } }))).toEqual(refused);
      expect(await refusal(running().users.messages.send({ ...USER, requestBody: message }))).toEqual(refused);
    }
    expect(running().emulator.dump(ME)).toEqual([]);
  },
);

test.each(['', 'undisclosed-recipients:;', 'Ü <über@bücher.example>, "a b"@x.example'])(
  'a draft to "%s" is kept',
  async (value) => {
    const message = { raw: addressed('To', value) };
    expect((await running().users.drafts.create({ ...USER, requestBody: { message } })).status).toBe(200);
  },
);

test('a thread ends at a hundred messages, and later answers begin a new one', async () => {
  const first = running().emulator.deliver(ME, mail({ subject: 'Long', messageId: '<long@x>' }));
  const answer = (n: number) =>
    mail({ subject: 'Re: Long', messageId: `<long-${n}@x>`, references: ['<long@x>'], inReplyTo: ['<long@x>'] });
  for (let n = 2; n <= 100; n++) running().emulator.deliver(ME, answer(n));
  const next = running().emulator.deliver(ME, answer(101));
  const later = running().emulator.deliver(ME, answer(102));
  expect((await running().users.threads.get({ ...USER, id: first, format: 'minimal' })).data.messages).toHaveLength(
    100,
  );
  expect([await threadOf(next), await threadOf(later)]).toEqual([next, next]);
  const written = raw({ subject: 'Re: Long', references: ['<long@x>'], inReplyTo: ['<long@x>'] });
  const draft = (
    await running().users.drafts.create({ ...USER, requestBody: { message: { raw: written, threadId: first } } })
  ).data;
  expect(draft.message?.threadId).toBe(next);
});

test('the subject alone joins mail of the same people within a week, and nothing else', async () => {
  const first = running().emulator.deliver(ME, mail({ subject: 'Plan', date: at(0) }));
  const joins = async (given: Parameters<typeof mail>[0]) =>
    (await threadOf(running().emulator.deliver(ME, mail({ subject: 'Plan', date: at(1), ...given })))) === first;
  expect(await joins({ subject: 'RE: plan', date: at(6) })).toBe(true);
  expect(await joins({ date: at(12) }), 'within a week of the last one').toBe(true);
  expect(await joins({ date: at(20) }), 'later').toBe(false);
  expect(await joins({ from: { name: '', address: 'eve@example.org' } }), 'other people').toBe(false);
  expect(await joins({ references: ['<other@x>'] }), 'refers to something else').toBe(false);
  expect(await joins({ subject: 'Plan B' }), 'another subject').toBe(false);
  const [unnamed, unnamedToo] = [mail({ subject: '' }), mail({ subject: '' })].map((m) =>
    running().emulator.deliver(ME, m),
  );
  expect(await threadOf(unnamedToo), 'without a subject').not.toBe(unnamed);
});

test('a sent message joins no thread by its subject, and an answer without References joins the sent message', async () => {
  running().clock.at = Date.now();
  const from = { name: '', address: ME };
  const to = [{ name: '', address: 'ada@example.org' }];
  const send = async () =>
    (await running().users.messages.send({ ...USER, requestBody: { raw: raw({ from, to, subject: 'Hi' }) } })).data;
  const [first, second] = [await send(), await send()];
  expect(second.threadId).not.toBe(first.threadId);
  const answer = running().emulator.deliver(
    ME,
    mail({ from: { name: '', address: 'ada@example.org' }, subject: 'Re: Hi', date: new Date() }),
  );
  expect(await threadOf(answer)).toBe(second.threadId);
});

test('an account can be set to answer fewer parts of a batch', async () => {
  const statuses = async (count: number) => {
    const part = '--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/profile\r\n\r\n';
    const response = await fetch(`${running().url}/batch/gmail/v1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running().accessToken}`, 'content-type': 'multipart/mixed; boundary=b' },
      body: `${part.repeat(count)}--b--\r\n`,
    });
    return [...(await response.text()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  };
  expect(await statuses(50)).not.toContain(429);
  running().emulator.setBatchWidth?.(ME, 25);
  expect(await statuses(25)).not.toContain(429);
  expect((await statuses(50)).flatMap((status, n) => (status === 429 ? [n] : []))).toEqual(
    Array.from({ length: 13 }, (_, n) => 25 + 2 * n),
  );
});

test.each(['include', 'INCLUDE', 'exclude', 'EXCLUDE'])('a watch takes labelFilterBehavior %s', async (behavior) => {
  const requestBody = {
    topicName: 'projects/postern-sandbox/topics/mail',
    labelIds: ['INBOX'],
    labelFilterBehavior: behavior,
  };
  expect((await running().users.watch({ ...USER, requestBody })).status).toBe(200);
  // The first push is the one with which the watch tests its topic.
  await expect.poll(() => running().posted.length).toBe(1);
  running().emulator.deliver(ME, mail());
  await expect.poll(() => running().emulator.hasPendingNotifications?.()).toBe(false);
  expect(running().posted).toHaveLength(behavior.toLowerCase() === 'include' ? 2 : 1);
});
