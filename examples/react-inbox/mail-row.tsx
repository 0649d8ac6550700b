import { useMutation } from '@apollo/client/react';
import type { RowFragment } from '../generated/graphql.ts';
import { SetRead } from './documents.ts';

export type Mail = RowFragment;

/** Opening a mail marks it as read at once. If that fails, the cache reverts it and the row shows why. */
export function MailRow({ mail, onOpen }: { mail: Mail; onOpen: (mail: Mail) => void }) {
  const { id, isRead } = mail;
  const [setRead, { data, error }] = useMutation(SetRead);
  const { results = [], userErrors = [] } = data?.updateMessages ?? {};
  const problem = error ?? results[0]?.problem ?? userErrors[0];
  const mark = (read: boolean) =>
    setRead({
      variables: { id, isRead: read },
      optimisticResponse: {
        updateMessages: {
          __typename: 'UpdateMessagesPayload',
          results: [{ __typename: 'UpdateResult', node: { __typename: 'Message', id, isRead: read }, problem: null }],
          userErrors: [],
        },
      },
    }).catch(() => undefined); // Shown through `error`.
  const open = () => {
    if (!isRead) void mark(true);
    onOpen(mail);
  };
  return (
    <li className={isRead ? 'row' : 'row unread'}>
      <button type="button" className="mail" onClick={open}>
        <span className="from">{mail.from?.name ?? mail.from?.address ?? 'Nobody'}</span>
        <span className="provider">{mail.integration.provider.name}</span>
        <time dateTime={mail.receivedAt}>{new Date(mail.receivedAt).toLocaleString()}</time>
        <span className="subject">{mail.subject || 'No subject'}</span>
        <span className="snippet">{mail.snippet}</span>
      </button>
      <button type="button" className="read" aria-pressed={isRead} onClick={() => void mark(!isRead)}>
        Read
      </button>
      {problem && <p role="alert">{problem.message}</p>}
    </li>
  );
}
