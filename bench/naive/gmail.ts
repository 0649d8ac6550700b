import { gmail, type gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { limited } from './limit.ts';
import type { NaiveApi } from './naive.ts';

type Message = gmail_v1.Schema$Message;

/**
 * Gmail documents no limit on concurrent requests, but refuses many at once. This is the number that the gateway uses.
 */
const WIDTH = 10;

export function naiveGmail(url: string, token: string): NaiveApi<Message, gmail_v1.Schema$Thread> {
  const { users } = gmail({ version: 'v1' });
  const options = { rootUrl: `${url}/`, headers: { authorization: `Bearer ${token}` } };
  const turn = limited(WIDTH);
  const header = (name: string) => (message: Message) =>
    message.payload?.headers?.find((one) => one.name?.toLowerCase() === name)?.value ?? null;
  const isMarked = (label: string) => (message: Message) => message.labelIds?.includes(label) ?? false;
  return {
    listMessages: (maxResults) =>
      turn(async () => {
        const { data } = await users.messages.list({ userId: 'me', labelIds: ['INBOX'], maxResults }, options);
        return idsOf(data.messages);
      }),
    getMessage: (id) =>
      turn(async () => (await users.messages.get({ userId: 'me', id, format: 'metadata' }, options)).data),
    message: {
      subject: header('subject'),
      from: header('from'),
      to: header('to'),
      sentAt: header('date'),
      receivedAt: (message) => new Date(Number(message.internalDate)).toISOString(),
      snippet: (message) => message.snippet,
      isRead: (message) => !isMarked('UNREAD')(message),
      isStarred: isMarked('STARRED'),
    },
    mailboxIds: (message) => (message.labelIds ?? []).filter((id) => id !== 'UNREAD'),
    mailboxName: (id) => turn(async () => (await users.labels.get({ userId: 'me', id }, options)).data.name ?? ''),
    listThreads: (maxResults) =>
      turn(async () => idsOf((await users.threads.list({ userId: 'me', maxResults }, options)).data.threads)),
    getThread: (id) =>
      turn(async () => (await users.threads.get({ userId: 'me', id, format: 'metadata' }, options)).data),
    messagesOf: (thread) => thread.messages ?? [],
  };
}

const idsOf = (items: readonly { id?: string | null }[] = []): string[] => items.flatMap(({ id }) => id ?? []);
