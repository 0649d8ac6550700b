/// <reference types="vite/client" />
// A React page with Apollo Client: one inbox of all accounts, with older mail on scrolling and new mail as it arrives. A click opens
// the conversation and marks the mail as read. A button connects another account.
// Start the sandbox (npm start), then in a second terminal: npm run example:react, and open what it prints.
// VITE_POSTERN_URL names another gateway. Its CORS_ORIGINS must list the origin of this page.

import { ApolloProvider } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';
import { POSTERN_URL, signIn } from '../session.ts';
import { createApolloClient } from './client.ts';
import { Connect } from './connect.tsx';
import { Inbox } from './inbox.tsx';

const url = import.meta.env.VITE_POSTERN_URL ?? POSTERN_URL;
const token = signIn(url);
const client = createApolloClient(url, token);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <ApolloProvider client={client}>
      <Inbox url={url} token={token} />
      <Connect />
    </ApolloProvider>,
  );
}
