import { useCallback, useEffect, useState } from 'react';
import type { PageSession } from './session.ts';

/** Who is signed in, and the account that the example of sending starts from: undefined until known, null when there is none. */
export function useSignedIn(first: PageSession | null) {
  const [session, setSession] = useState(first);
  const [integrationId, setIntegrationId] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    if (session) void firstIntegration(session).then(setIntegrationId);
  }, [session]);
  const signedIn = useCallback((next: PageSession) => setSession(next), []);
  return { session, integrationId, signedIn };
}

/** Null when there is none or it cannot be told: the examples then ask for one to be pasted. */
async function firstIntegration(session: PageSession): Promise<string | null> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await session.accessToken()}` },
      body: JSON.stringify({ query: '{ viewer { integrations { id } } }' }),
    });
    const answer = (await response.json()) as { data?: { viewer?: { integrations: { id: string }[] } | null } | null };
    return answer.data?.viewer?.integrations[0]?.id ?? null;
  } catch {
    return null;
  }
}
