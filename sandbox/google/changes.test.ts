import jwt from 'jsonwebtoken';
import { expect, test, vi } from 'vitest';
import { googleFor, ME, mail, refusal, USER } from '../testing/google.ts';

const TOPIC = 'projects/postern-sandbox/topics/mail';
const { running } = googleFor('test');

/** Does the work, and lets these seconds pass with fake timers. Nothing else happens meanwhile. */
async function inTheNextSeconds(work: () => void, seconds = 10): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  try {
    work();
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  } finally {
    vi.useRealTimers();
  }
}
const historyId = async () => (await running().users.getProfile(USER)).data.historyId ?? '';

test('history lists every kind of change, by type, by label and by page', async () => {
  const startHistoryId = await historyId();
  const id = running().emulator.deliver(ME, mail());
  running().emulator.touch(ME, id, 'read');
  running().emulator.touch(ME, id, 'trash');
  running().emulator.touch(ME, id, 'delete');
  const { data } = await running().users.history.list({ ...USER, startHistoryId });
  const kinds = data.history?.map((record) =>
    Object.keys(record).filter((key) => /^(messages|labels)[AR D]/.test(key)),
  );
  expect(kinds).toEqual([['messagesAdded'], ['labelsRemoved'], ['labelsAdded', 'labelsRemoved'], ['messagesDeleted']]);
  expect(data.history?.[1]?.labelsRemoved?.[0]).toMatchObject({ labelIds: ['UNREAD'], message: { id } });
  expect(data.historyId).toBe(await historyId());

  const added = await running().users.history.list({ ...USER, startHistoryId, historyTypes: ['messageAdded'] });
  expect(added.data.history?.length).toBe(1);
  const trash = await running().users.history.list({ ...USER, startHistoryId, labelId: 'TRASH' });
  expect(trash.data.history?.length).toBe(2);
  const page = (await running().users.history.list({ ...USER, startHistoryId, maxResults: 3 })).data;
  const rest = await running().users.history.list({ ...USER, startHistoryId, pageToken: page.nextPageToken ?? '' });
  expect(rest.data.history?.map((record) => record.id)).toEqual([data.history?.[3]?.id]);
  const none = await running().users.history.list({ ...USER, startHistoryId: await historyId() });
  expect(none.data.history).toBeUndefined();
});

test('an old or unknown history id is answered with 404', async () => {
  const before = await historyId();
  running().emulator.deliver(ME, mail());
  running().emulator.expireHistory(ME);
  const list = (startHistoryId: string) => running().users.history.list({ ...USER, startHistoryId });
  expect(await refusal(list(before))).toMatchObject({ status: 404, reason: 'notFound' });
  expect((await refusal(list('12345'))).status).toBe(404);
  expect((await list(await historyId())).data.historyId).toBe(await historyId());
});

test('a watch sends signed notifications, at most one a second, with the latest id', async () => {
  const wrong = { ...USER, requestBody: { topicName: 'projects/other/topics/mail' } };
  expect((await refusal(running().users.watch(wrong))).message).toBe(
    'Invalid topicName does not match projects/postern-sandbox/topics/*',
  );
  const { data } = await running().users.watch({ ...USER, requestBody: { topicName: TOPIC } });
  expect(Number(data.expiration)).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
  await expect.poll(() => running().posted.length).toBe(1);
  await inTheNextSeconds(() => {
    running().emulator.deliver(ME, mail());
    running().emulator.deliver(ME, mail());
    running().emulator.deliver(ME, mail());
  });
  expect(running().posted.length).toBe(2);

  const { url, headers, body } = running().posted[1] ?? { url: '', headers: {}, body: '{}' };
  const push = JSON.parse(body) as { message: { data: string; messageId: string }; subscription: string };
  const notice = JSON.parse(Buffer.from(push.message.data, 'base64').toString()) as Record<string, unknown>;
  expect(notice).toEqual({ emailAddress: ME, historyId: Number(await historyId()) });
  const claims = jwt.decode(headers.authorization?.slice('Bearer '.length) ?? '') as jwt.JwtPayload;
  expect(claims).toMatchObject({
    iss: 'https://accounts.google.com',
    aud: url,
    email: 'push@postern-sandbox.iam.example',
    email_verified: true,
  });
});

test('a watch that is stopped, dropped, revoked or filtered out sends nothing', async () => {
  const begin = async (labelIds: string[] = []) => {
    await running().users.watch({ ...USER, requestBody: { topicName: TOPIC, labelIds } });
    await expect.poll(() => running().posted.length).toBeGreaterThan(0);
    running().posted.length = 0;
  };
  const silent = async () => {
    await inTheNextSeconds(() => running().emulator.deliver(ME, mail()));
    expect(running().posted).toEqual([]);
  };
  await begin();
  await running().users.stop(USER);
  await silent();
  await begin();
  running().emulator.dropWatches(ME);
  await silent();
  await begin(['TRASH']);
  await silent();
  await begin();
  running().clock.ahead = 8 * 86_400_000;
  await silent();
  running().clock.ahead = 0;
  running().emulator.revoke(ME);
  await silent();
});
