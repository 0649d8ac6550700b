import { useMutation, useQuery, useSubscription } from '@apollo/client/react';
import type { InboxPageQuery } from '../generated/graphql.ts';
import { Arrived, InboxPage, SetRead } from './documents.ts';

export function Inbox() {
  const { data, loading, error, fetchMore, refetch } = useQuery(InboxPage);
  useSubscription(Arrived, { onData: () => void refetch() });
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>{loading ? 'Loading' : 'Nothing here'}</p>;
  const { edges, pageInfo, sources } = data.viewer.messages;
  return (
    <main>
      <h1>Inbox</h1>
      {sources.map(({ integration, problem }) =>
        problem ? (
          <p role="alert" key={integration.id}>
            {integration.address}: {problem.message}
          </p>
        ) : null,
      )}
      <ul>{edges.map(({ cursor, node }) => node && <Row key={cursor} mail={node} />)}</ul>
      {pageInfo.hasNextPage && (
        <button
          type="button"
          disabled={loading}
          onClick={() => fetchMore({ variables: { after: pageInfo.endCursor } })}
        >
          More
        </button>
      )}
    </main>
  );
}

type Mail = NonNullable<InboxPageQuery['viewer']['messages']['edges'][number]['node']>;

function Row({ mail }: { mail: Mail }) {
  const { id, isRead } = mail;
  const [setRead, { data }] = useMutation(SetRead);
  const problem = data?.updateMessages.results[0]?.problem ?? data?.updateMessages.userErrors[0];
  // The answer names the message by id, so the cache and with it this row change by themselves.
  const toggle = () => setRead({ variables: { id, isRead: !isRead } });
  return (
    <li>
      <button type="button" className="mail" aria-pressed={isRead} onClick={toggle}>
        <span className="from">{mail.from?.name ?? mail.from?.address ?? 'Nobody'}</span>
        <span className="provider">{mail.integration.provider.name}</span>
        <time dateTime={mail.receivedAt}>{new Date(mail.receivedAt).toLocaleString()}</time>
        <span className="subject">{mail.subject}</span>
        <span className="snippet">{mail.snippet}</span>
      </button>
      {problem && <p role="alert">{problem.message}</p>}
    </li>
  );
}
