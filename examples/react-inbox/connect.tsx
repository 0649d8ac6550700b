import { useMutation } from '@apollo/client/react';
import { useEffect, useRef } from 'react';
import { BeginConnect, FinishConnect } from './documents.ts';

/** The parameters that the browser came back with. They are removed from the address at once: no reload uses them again, and the history does not show them. */
const returned = new URLSearchParams(location.search);
if (returned.has('status')) history.replaceState(null, '', location.pathname);

/** Connects another Gmail account. Consent alone connects nothing: the user who called `connect` has to call `finishConnect`. */
export function Connect() {
  const [begin, begun] = useMutation(BeginConnect);
  const [finish, { data, error }] = useMutation(FinishConnect, { refetchQueries: ['InboxPage'] });
  const hasStarted = useRef(false);
  useEffect(() => {
    const token = returned.get('token') ?? '';
    // Accept only the format of a token. Any link can bring a wrong code here, and five of those end the flows that wait for a code.
    if (returned.get('status') !== 'pending' || !/^[\w-]{43}$/.test(token) || hasStarted.current) return;
    hasStarted.current = true;
    // A failure is shown through `error`.
    finish({ variables: { token } }).catch(() => undefined);
  }, [finish]);
  const start = async () => {
    const redirectUri = `${location.origin}${location.pathname}`;
    const { authorizationUrl } = (await begin({ variables: { redirectUri } })).data?.connect ?? {};
    if (authorizationUrl) location.assign(authorizationUrl);
  };
  const finished = data?.finishConnect;
  const problem =
    error?.message ??
    finished?.userErrors[0]?.message ??
    begun.error?.message ??
    begun.data?.connect.userErrors[0]?.message ??
    // Do not show the message in the address: anyone can make a link to this page.
    (returned.get('status') === 'failed' ? 'The account was not connected.' : null);
  return (
    <aside>
      <button type="button" onClick={() => start().catch(() => undefined)}>
        Connect a Gmail account
      </button>
      {problem && <p role="alert">{problem}</p>}
      {finished?.integration && <p role="status">{finished.integration.address} is connected.</p>}
    </aside>
  );
}
