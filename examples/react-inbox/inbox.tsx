import { useApolloClient, useQuery } from '@apollo/client/react';
import { print } from 'graphql';
import { useEffect, useRef, useState } from 'react';
import { Conversation } from './conversation.tsx';
import { Arrived, InboxPage } from './documents.ts';
import { type LiveOptions, listen } from './live.ts';
import { type Mail, MailRow } from './mail-row.tsx';

/** One inbox of all accounts. Scrolling adds older mail at the end, and new mail appears at the top. */
export function Inbox({ url, token }: Pick<LiveOptions, 'url' | 'token'>) {
  const client = useApolloClient();
  const { data, error, fetchMore, refetch } = useQuery(InboxPage, { notifyOnNetworkStatusChange: false });
  const [opened, setOpened] = useState<Mail | null>(null);
  useEffect(() => {
    const onMail = (message: Mail) => {
      client.cache.updateQuery({ query: InboxPage }, (known) => {
        if (!known || known.viewer.messages.nodes.some((node) => node?.id === message.id)) return known;
        const { messages } = known.viewer;
        return { viewer: { ...known.viewer, messages: { ...messages, nodes: [message, ...messages.nodes] } } };
      });
      // If its conversation is open, it is read again.
      const thread = message.thread && client.cache.identify(message.thread);
      if (thread) client.cache.evict({ id: thread, fieldName: 'messages' });
    };
    const onGap = () => void refetch().catch(() => undefined);
    const query = print(client.cache.transformDocument(Arrived));
    return listen({ url, token, query, onMail, onGap });
  }, [client, refetch, url, token]);
  if (!data) return <p role={error ? 'alert' : 'status'}>{error?.message ?? 'Loading'}</p>;
  const { nodes, pageInfo, sources } = data.viewer.messages;
  return (
    <main>
      <h1>Inbox</h1>
      {error && <p role="alert">{error.message}</p>}
      {sources.map(({ integration, problem }) =>
        problem ? (
          <p role="alert" key={integration.id}>
            {integration.address}: {problem.message}
          </p>
        ) : null,
      )}
      <ul>{nodes.map((mail) => mail && <MailRow key={mail.id} mail={mail} onOpen={setOpened} />)}</ul>
      {pageInfo.hasNextPage && (
        <More key={pageInfo.endCursor} load={() => fetchMore({ variables: { after: pageInfo.endCursor } })} />
      )}
      {opened?.thread && <Conversation id={opened.thread.id} onClose={() => setOpened(null)} />}
    </main>
  );
}

/** A button that loads the next page when it is pressed or scrolled into view. */
function More({ load }: { load: () => Promise<unknown> }) {
  const button = useRef<HTMLButtonElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const isLoading = useRef(false);
  const next = () => {
    if (isLoading.current) return;
    isLoading.current = true;
    setProblem(null);
    load()
      .catch((error: Error) => setProblem(error.message))
      .finally(() => {
        isLoading.current = false;
      });
  };
  const latest = useRef(next);
  latest.current = next;
  useEffect(() => {
    if (!button.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: '300px',
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, []);
  return (
    <p>
      <button type="button" ref={button} onClick={next}>
        More
      </button>
      {problem && <span role="alert"> {problem}</span>}
    </p>
  );
}
