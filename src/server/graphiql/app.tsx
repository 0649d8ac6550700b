import './editor/monaco.ts';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/style.css';
import './app.css';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Examples, readExamples } from './examples.ts';
import { createFetcher } from './fetcher.ts';
import { createKnown, type Known } from './known.ts';
import { finishReturned, type Returned, takeReturned } from './returned.ts';
import { type PageSession, sandboxSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { defaultTabs, FIRST_OPERATION } from './tabs.ts';

const PLUGINS = [HISTORY_PLUGIN];
/** The flow that came back to this page. It is kept until someone is signed in, and used once. */
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

/** Shows the outcome of the flow that has come back to this page. */
function Outcome({ session, known }: { session: PageSession; known: Known }) {
  const [message, setMessage] = useState<string | null>(null);
  useEffect(() => {
    const current = returned;
    returned = null;
    if (!current) return;
    void finishReturned(current, session).then(async (outcome) => {
      await known.read();
      setMessage(outcome);
    });
  }, [session, known]);
  if (message === null) return null;
  return (
    <p className="outcome" role="status">
      {message}
      <button type="button" onClick={() => setMessage(null)}>
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

/** Holds the signed-in user, and the values for the examples, which are undefined until they are read. */
function useSignedIn(first: PageSession | null) {
  const [session, setSession] = useState(first);
  const [examples, setExamples] = useState<Examples | undefined>(undefined);
  useEffect(() => {
    if (session) void readExamples(session).then(setExamples);
  }, [session]);
  const signedIn = useCallback((next: PageSession) => setSession(next), []);
  return { session, examples, signedIn };
}

/**
 * Runs the tab with which the page opens, once, when it is loaded. A tab that a user has left there before is not run.
 */
function FirstRun({ operation }: { operation: string }): null {
  const { run } = useGraphiQLActions();
  const isReady = useGraphiQL(
    ({ schema, operationName, queryEditor, responseEditor }) =>
      schema !== null && operationName === operation && queryEditor !== undefined && responseEditor !== undefined,
  );
  const hasRun = useRef(false);
  useEffect(() => {
    if (!isReady || hasRun.current) return;
    hasRun.current = true;
    void run();
  }, [isReady, run]);
  return null;
}

/**
 * Returns storage for what GraphiQL keeps for one user. Tabs with the ids of another user, or of a former sandbox, are
 * not shown again.
 */
function storageOf(viewer: string | null) {
  const prefix = `postern:${viewer ?? ''}:`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key: string) => localStorage.getItem(prefix + key),
    setItem: (key: string, value: string) => localStorage.setItem(prefix + key, value),
    removeItem: (key: string) => localStorage.removeItem(prefix + key),
    get length() {
      return keys().length;
    },
    clear() {
      for (const key of keys()) localStorage.removeItem(key);
    },
  };
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element.');
try {
  createRoot(root).render(<App first={root.dataset.sandbox === 'true' ? await sandboxSession() : null} />);
} catch (error) {
  root.textContent = (error as Error).message;
}
