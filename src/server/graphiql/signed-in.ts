import { useCallback, useEffect, useState } from 'react';
import { type Examples, readExamples } from './examples.ts';
import type { PageSession } from './session.ts';

/** Who is signed in, and what the examples are filled in with: undefined until it is known. */
export function useSignedIn(first: PageSession | null) {
  const [session, setSession] = useState(first);
  const [examples, setExamples] = useState<Examples | undefined>(undefined);
  useEffect(() => {
    if (session) void readExamples(session).then(setExamples);
  }, [session]);
  const signedIn = useCallback((next: PageSession) => setSession(next), []);
  return { session, examples, signedIn };
}
