import './workers.ts';
import './leave-editor.ts';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/style.css';
import './app.css';
import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { Examples } from './examples.ts';
import { createFetcher } from './fetcher.ts';
import { FirstRun } from './first-run.ts';
import { finishReturned, type Returned, takeReturned } from './returned.ts';
import { type PageSession, sandboxSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { useSignedIn } from './signed-in.ts';
import { storageOf } from './storage.ts';
import { defaultTabs, FIRST_OPERATION } from './tabs.ts';

const PLUGINS = [HISTORY_PLUGIN];
/** Kept until somebody is signed in, and used once. */
let returned: Returned | null = takeReturned();

function App({ first }: { first: PageSession | null }) {
  const { session, examples, signedIn } = useSignedIn(first);
  if (!session) return <SignIn onSignedIn={signedIn} />;
  if (examples === undefined) return <p className="notice">Loading GraphiQL</p>;
  return (
    <>
      <Outcome session={session} />
      <Explorer session={session} examples={examples} />
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

function Explorer({ session, examples }: { session: PageSession; examples: Examples }) {
  const fetcher = useMemo(() => createFetcher(session), [session]);
  const tabs = useMemo(() => defaultTabs(examples, session.controlUrl, location.origin), [examples, session]);
  const storage = useMemo(() => storageOf(examples.viewer), [examples]);
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={tabs}
      plugins={PLUGINS}
      storage={storage}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders={false}
    >
      <FirstRun operation={FIRST_OPERATION} />
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
