import { type FormEvent, useState } from 'react';
import { type PageSession, signIn } from './session.ts';

/** The sign-in form, which is shown if no sandbox signs the page in. The tokens stay in the memory of this page. */
export function SignIn({ onSignedIn }: { onSignedIn: (session: PageSession) => void }) {
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setFault(null);
    try {
      onSignedIn(await signIn(String(fields.get('email')), String(fields.get('password'))));
    } catch (error) {
      setFault((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>Postern</h1>
        <p>Sign in to explore the API as yourself. Reloading the page signs you out.</p>
        <label htmlFor="email">Email</label>
        <input id="email" name="email" type="email" autoComplete="username" required />
        <label htmlFor="password">Password</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required />
        <p role="alert">{fault}</p>
        <button type="submit" disabled={busy}>
          {busy ? 'Signing in' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
