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
import { createKnown, type Known } from './known.ts';
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
  const known = useMemo(() => (session && examples ? createKnown(session, examples) : null), [session, examples]);
  if (!session) return <SignIn onSignedIn={signedIn} />;
  if (!examples || !known) return <p className="notice">Loading GraphiQL</p>;
  return (
    <>
      <Outcome session={session} known={known} />
      <Explorer session={session} examples={examples} known={known} />
    </>
  );
}

/** Of the flow that has come back to this page. */
function Outcome({ session, known }: { session: PageSession; known: Known }) {
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    const current = returned;
    returned = null;
    if (!current) return;
    void finishReturned(current, session).then(async (outcome) => {
      await known.read();
      setTold(outcome);
    });
  }, [session, known]);
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

function Explorer({ session, examples, known }: { session: PageSession; examples: Examples; known: Known }) {
  const fetcher = useMemo(() => createFetcher(session, known), [session, known]);
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
