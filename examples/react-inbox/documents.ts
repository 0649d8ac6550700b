import { graphql } from '../generated/gql.ts';

export const InboxPage = graphql(`
  query InboxPage($after: Cursor) {
    viewer {
      id
      messages(first: 25, after: $after, filter: { role: INBOX }) {
        edges {
          cursor
          node { id receivedAt subject snippet isRead from { name address } integration { id provider { name } } }
        }
        pageInfo { hasNextPage endCursor }
        sources { integration { id address } problem { message } }
      }
    }
  }
`);

export const SetRead = graphql(`
  mutation SetRead($id: ID!, $isRead: Boolean!) {
    updateMessages(input: { ids: [$id], isRead: $isRead }) {
      results { target node { id ... on Message { isRead } } problem { message } }
      userErrors { message }
    }
  }
`);

export const Arrived = graphql(`
  subscription Arrived {
    messageReceived { message { id } }
  }
`);

export const BeginConnect = graphql(`
  mutation BeginConnect($redirectUri: URL!) {
    connect(input: { provider: GMAIL, access: WRITE, redirectUri: $redirectUri }) {
      authorizationUrl
      userErrors { message }
    }
  }
`);

export const FinishConnect = graphql(`
  mutation FinishConnect($token: String!) {
    finishConnect(input: { token: $token }) {
      integration { id address }
      userErrors { message }
    }
  }
`);
