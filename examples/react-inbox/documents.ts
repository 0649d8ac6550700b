import { graphql } from '../generated/gql.ts';

export const Row = graphql(`
  fragment Row on Message {
    id
    receivedAt
    subject
    snippet
    isRead
    from { name address }
    thread { id }
    integration { id provider { id name } }
  }
`);

export const InboxPage = graphql(`
  query InboxPage($after: Cursor) {
    viewer {
      id
      messages(first: 25, after: $after, filter: { role: INBOX }) {
        nodes { ...Row }
        pageInfo { hasNextPage endCursor }
        sources { integration { id address } problem { message } }
      }
    }
  }
`);

export const Conversation = graphql(`
  query Conversation($id: ID!) {
    node(id: $id) {
      id
      ... on Thread {
        subject
        messages {
          nodes { id sentAt from { name address } body { html text } attachments(inline: false) { id filename } }
        }
      }
    }
  }
`);

export const SetRead = graphql(`
  mutation SetRead($id: ID!, $isRead: Boolean!) {
    updateMessages(input: { ids: [$id], isRead: $isRead }) {
      __typename
      results { __typename node { __typename id ... on Message { isRead } } problem { message } }
      userErrors { message }
    }
  }
`);

export const Arrived = graphql(`
  subscription Arrived($after: Cursor) {
    messageReceived(after: $after) { cursor message { ...Row } }
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
