import { graphql } from '../../generated/gql.ts';
import { startApp, type TestApp } from '../app/app.ts';
import type { Present } from '../clients/document.ts';

/** The parts of the organising mutations' answers that the suites select. */
export interface Outcome {
  readonly results: {
    target: string;
    node: { id: string; isRead: boolean; messageCount: number; mailboxes: { id: string; role: string }[] } | null;
    deleted: string | null;
    integration: { id: string } | null;
    problem: { code: string; message: string } | null;
  }[];
  readonly mailbox: { id: string; name: string; color: string } | null;
  readonly deleted: string | null;
  readonly userErrors: { code: string; message: string; field: string[] | null }[];
}

const RESULT =
  '{ results { target node { __typename ... on Message { isRead mailboxes { id role } } ... on Thread { isUnread messageCount } } problem { code message } } userErrors { code message field } }';

export const mutation = (name: string, input: string, result = RESULT) =>
  `mutation ($input: ${input}!) { ${name}(input: $input) ${result} }`;

const ACCOUNTS = graphql(
  `{ viewer { integrations { id address capabilities { mailboxes { create rename nest color } } mailbox(role: INBOX) { id name } } } }`,
);
type Document<T> = T extends { __apiType?: (variables: never) => infer Answer } ? Answer : never;
export type Organised = Present<Document<typeof ACCOUNTS>>['viewer']['integrations'][number];

const PAGE = graphql(
  `query ($id: ID!, $after: Cursor) { node(id: $id) { ... on Integration { messages(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`,
);

/** Starts the app with its two demo accounts, and returns the actions of the suites about organising. */
export async function openOrganised() {
  const app: TestApp = await startApp({ messages: 120 });
  const { integrations } = (await app.data(ACCOUNTS)).viewer;
  const [gmail, outlook] = ['gmail', 'outlook'].map((name) => integrations.find((i) => i.address.includes(name)));
  if (!gmail || !outlook) throw new Error('the demo accounts are not connected');
  return {
    app,
    gmail,
    outlook,
    run: async (
      name: string,
      input: Record<string, unknown>,
      type = 'MessagesInput',
      result = RESULT,
    ): Promise<Outcome> => {
      const answer = await app.data<Record<string, Outcome>>(mutation(name, type, result), { input });
      return answer[name] as Outcome;
    },
    /** Returns the ids of an account's messages, newest first. */
    async newest(account: { id: string }, count: number): Promise<string[]> {
      const page = (after: string | null) => app.data(PAGE, { id: account.id, after });
      const ids: string[] = [];
      for (let after: string | null = null; ids.length < count; ) {
        const { node }: Awaited<ReturnType<typeof page>> = await page(after);
        ids.push(...node.messages.nodes.map(({ id }) => id));
        if (!node.messages.pageInfo.hasNextPage) break;
        after = node.messages.pageInfo.endCursor;
      }
      return ids.slice(0, count);
    },
  };
}
