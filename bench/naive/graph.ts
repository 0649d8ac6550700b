import { Client, HTTPMessageHandler, RetryHandler } from '@microsoft/microsoft-graph-client';
import type { MailFolder, Message } from '@microsoft/microsoft-graph-types';
import { limited } from './limit.ts';
import type { NaiveApi } from './naive.ts';

/** Graph allows an application four concurrent requests to a mailbox. */
const WIDTH = 4;

export function naiveGraph(url: string, token: string): NaiveApi<Message, readonly Message[]> {
  // The handler of the SDK sends a token over https only, which the emulator does not have.
  const retrying = new RetryHandler();
  retrying.setNext(new HTTPMessageHandler());
  const client = Client.initWithMiddleware({ middleware: retrying, baseUrl: url });
  const turn = limited(WIDTH);
  const get = <T>(path: string) =>
    turn(() => client.api(path).header('authorization', `Bearer ${token}`).get() as Promise<T>);
  const id = ({ id: value }: { id?: string }) => value ?? '';
  return {
    async listMessages(first) {
      const { value } = await get<{ value: Message[] }>(`/me/mailFolders/inbox/messages?$top=${first}&$select=id`);
      return value.map(id);
    },
    getMessage: (message) => get<Message>(`/me/messages/${message}`),
    message: {
      subject: (message) => message.subject,
      from: (message) => message.from?.emailAddress?.address,
      to: (message) => message.toRecipients?.map(({ emailAddress }) => emailAddress?.address).join(', '),
      sentAt: (message) => message.sentDateTime,
      receivedAt: (message) => message.receivedDateTime,
      snippet: (message) => message.bodyPreview,
      isRead: (message) => message.isRead,
      isStarred: (message) => message.flag?.flagStatus === 'flagged',
    },
    mailboxIds: (message) => [message.parentFolderId ?? ''],
    mailboxName: async (folder) => (await get<MailFolder>(`/me/mailFolders/${folder}`)).displayName ?? '',
    async listThreads(first) {
      const { value } = await get<{ value: Message[] }>('/me/messages?$top=100&$select=conversationId');
      return [...new Set(value.map(({ conversationId }) => conversationId ?? ''))].slice(0, first);
    },
    async getThread(conversation) {
      const filter = encodeURIComponent(`conversationId eq '${conversation}'`);
      return (await get<{ value: Message[] }>(`/me/messages?$filter=${filter}`)).value;
    },
    messagesOf: (messages) => messages,
  };
}
