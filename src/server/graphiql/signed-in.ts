import { useCallback, useEffect, useState } from 'react';
import { type Examples, readExamples } from './examples.ts';
import type { PageSession } from './session.ts';

/** The signed-in user, and the values for the examples: undefined until they are known. */
export function useSignedIn(first: PageSession | null) {
  const [session, setSession] = useState(first);
  const [examples, setExamples] = useState<Examples | undefined>(undefined);
  useEffect(() => {
    if (session) void readExamples(session).then(setExamples);
  }, [session]);
  const signedIn = useCallback((next: PageSession) => setSession(next), []);
  return { session, examples, signedIn };
}
