import { useQuery } from '@apollo/client/react';
import { useEffect, useRef } from 'react';
import { Conversation as ConversationQuery } from './documents.ts';

/** A conversation in a dialog, oldest message first. Escape closes it, and the focus returns to the row that opened it. */
export function Conversation({ id, onClose }: { id: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Cached messages are shown at once and stay visible while the conversation is read again.
  const conversation = useQuery(ConversationQuery, { variables: { id }, fetchPolicy: 'cache-and-network' });
  const { data = conversation.previousData, error } = conversation;
  useEffect(() => dialog.current?.showModal(), []);
  const thread = data?.node && 'subject' in data.node ? data.node : null;
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="subject">
      <header>
        <h2 id="subject">{thread?.subject ?? 'Conversation'}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {error && <p role="alert">{error.message}</p>}
      {!data && !error && <p role="status">Loading</p>}
      {data && !thread && <p role="alert">This conversation is no longer there.</p>}
      {thread?.messages?.nodes.map(
        (message) =>
          message && (
            <article key={message.id}>
              <h3>
                {message.from?.name ?? message.from?.address ?? 'Nobody'}
                {message.sentAt && <time dateTime={message.sentAt}> {new Date(message.sentAt).toLocaleString()}</time>}
              </h3>
              {message.body?.html ? (
                // The gateway has sanitised it. As a second protection the frame runs no script and cannot reach this page.
                <iframe
                  title={`Message of ${message.from?.name ?? message.from?.address ?? 'nobody'}`}
                  sandbox="allow-popups"
                  srcDoc={`<base target="_blank">${message.body.html}`}
                />
              ) : (
                <p className="text">{message.body?.text}</p>
              )}
              {message.attachments?.map(({ id: file, filename }) => (
                <p key={file}>Attached: {filename ?? 'a file without a name'}</p>
              ))}
            </article>
          ),
      )}
    </dialog>
  );
}
