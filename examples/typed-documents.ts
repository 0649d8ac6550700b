// A script with typed documents: lists the newest mail, searches all accounts, and marks the results as read.
// Start the sandbox (npm start), then in a second terminal: npm run example:typed
// `npm run codegen` makes ./generated from schema.graphql and the documents below. POSTERN_URL names another gateway.

import { GraphQLClient } from 'graphql-request';
import { graphql } from './generated/gql.ts';
import { POSTERN_URL, signIn } from './session.ts';

const Newest = graphql(`
  query Newest($first: Int!) {
    viewer {
      messages(first: $first) {
        nodes { subject receivedAt isRead integration { address } }
      }
    }
  }
`);
const Found = graphql(`
  query Found($search: String!) {
    viewer {
      messages(first: 3, search: $search) {
        nodes { id subject mailboxes { name } }
        sources { integration { address } evaluation problem { message } }
      }
    }
  }
`);
const MarkAsRead = graphql(`
  mutation MarkAsRead($ids: [ID!]!) {
    updateMessages(input: { ids: $ids, isRead: true }) {
      results { node { ... on Message { subject isRead } } problem { message } }
      userErrors { message }
    }
  }
`);

const url = process.env.POSTERN_URL ?? POSTERN_URL;
const token = signIn(url);
const client = new GraphQLClient(`${url}/graphql`, {
  requestMiddleware: async (request) => ({
    ...request,
    headers: { ...Object.fromEntries(new Headers(request.headers)), authorization: `Bearer ${await token()}` },
  }),
});

const newest = await client.request(Newest, { first: 5 });
console.log('The newest mail of all accounts:');
for (const mail of newest.viewer.messages.nodes) {
  if (mail)
    console.log(`  ${mail.isRead ? ' ' : '*'} ${mail.receivedAt}  ${mail.integration.address}  ${mail.subject}`);
}

const found = await client.request(Found, { search: 'is:unread in:inbox' });
const { nodes, sources } = found.viewer.messages;
console.log('\nUnread in the inboxes:');
for (const mail of nodes)
  if (mail) console.log(`  ${mail.subject}  (${mail.mailboxes?.map(({ name }) => name).join(', ')})`);
for (const { integration, evaluation, problem } of sources) {
  console.log(`  ${integration.address}: ${problem?.message ?? evaluation}`);
}

const ids = nodes.flatMap((mail) => (mail ? [mail.id] : []));
const { updateMessages } = await client.request(MarkAsRead, { ids });
console.log('\nMarked as read:');
for (const { message } of updateMessages.userErrors) console.log(`  refused: ${message}`);
for (const { node, problem } of updateMessages.results) {
  console.log(`  ${problem?.message ?? (node && 'subject' in node ? node.subject : '')}`);
}
