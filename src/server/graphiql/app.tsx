import './workers.ts';
import './leave-editor.ts';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/style.css';
import './app.css';
import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createFetcher } from './fetcher.ts';
import { finishReturned, type Returned, takeReturned } from './returned.ts';
import { type PageSession, sandboxSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { useSignedIn } from './signed-in.ts';
import { defaultTabs } from './tabs.ts';

const PLUGINS = [HISTORY_PLUGIN];
/** Kept until somebody is signed in, and used once. */
let returned: Returned | null = takeReturned();

function App({ first }: { first: PageSession | null }) {
  const { session, integrationId, signedIn } = useSignedIn(first);
  if (!session) return <SignIn onSignedIn={signedIn} />;
  if (integrationId === undefined) return <p className="notice">Loading GraphiQL</p>;
  return (
    <>
      <Outcome session={session} />
      <Explorer session={session} integrationId={integrationId} />
    </>
  );
}

/** Of the flow that has come back to this page. */
function Outcome({ session }: { session: PageSession }) {
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    const current = returned;
    returned = null;
    if (current) void finishReturned(current, session).then(setTold);
  }, [session]);
  if (told === null) return null;
  return (
    <p className="outcome" role="status">
      {told}
      <button type="button" onClick={() => setTold(null)}>
        Close
      </button>
    </p>
  );
}

function Explorer({ session, integrationId }: { session: PageSession; integrationId: string | null }) {
  const fetcher = useMemo(() => createFetcher(session), [session]);
  const tabs = useMemo(() => defaultTabs(integrationId, session.controlUrl, location.origin), [integrationId, session]);
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={tabs} plugins={PLUGINS} shouldPersistHeaders={false}>
      <GraphiQL.Logo>
        <span className="logo">
          Postern <small>{session.email}</small>
        </span>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element.');
try {
  createRoot(root).render(<App first={root.dataset.sandbox === 'true' ? await sandboxSession() : null} />);
} catch (error) {
  root.textContent = (error as Error).message;
}
