import { setTimeout as delay } from 'node:timers/promises';
import { accountId } from '../../../src/domain/global-id.ts';
import type { AnswerError } from '../clients/answer.ts';
import { Hopeless } from '../run/polls.ts';
import type { MessagePicture } from './picture.ts';

/** Sends one GraphQL request and returns its data. */
export type Ask = <T>(query: string, variables?: Record<string, unknown>) => Promise<T>;

/** A message as every document of the follower selects it. */
export const STATE = 'id isRead isStarred isImportant isDraft mailboxes { id }';
export interface StateNode {
  readonly id: string;
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isImportant: boolean;
  readonly isDraft: boolean;
  readonly mailboxes: readonly { readonly id: string }[];
}

/** The provider's own id in a global id. A real client would keep the global id as it is; the truth knows only this one. */
export const own = (type: 'Message' | 'Mailbox', id: string): string => accountId(id, type).providerId;

export const pictureOf = (node: StateNode): MessagePicture => ({
  isRead: node.isRead,
  isStarred: node.isStarred,
  isImportant: node.isImportant,
  isDraft: node.isDraft,
  mailboxes: new Set(node.mailboxes.map(({ id }) => own('Mailbox', id))),
});

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
const PAGE_INFO = 'pageInfo { hasNextPage endCursor }';
const MESSAGES = `query ($id: ID!, $after: Cursor, $filter: MessageFilter) { viewer { integration(id: $id) {
  messages(first: 100, after: $after, filter: $filter) { nodes { ${STATE} } ${PAGE_INFO} } } } }`;
const MAILBOXES = `query ($id: ID!, $after: Cursor) { viewer { integration(id: $id) {
  mailboxes(first: 100, after: $after) { nodes { id name kind } ${PAGE_INFO} } } } }`;
/** Lists of a whole account leave out the trash and junk. */
const WHOLE = [null, { role: 'TRASH' }, { role: 'JUNK' }];

export interface AccountCopy {
  readonly messages: Map<string, MessagePicture | null>;
  readonly mailboxes: Map<string, string>;
}

/** Reads an account whole through the lists that every client has. It is done at the beginning, and after a reset. */
export async function readAccount(ask: Ask, integration: string): Promise<AccountCopy> {
  const all = async <Node>(query: string, field: string, variables: object): Promise<Node[]> => {
    const found: Node[] = [];
    for (let after: string | null = null; ; ) {
      type Answer = { viewer: { integration: Record<string, Page<Node>> } };
      const { viewer }: Answer = await ask<Answer>(query, { id: integration, after, ...variables });
      const { nodes, pageInfo } = viewer.integration[field] as Page<Node>;
      found.push(...nodes);
      if (!pageInfo.hasNextPage) return found;
      after = pageInfo.endCursor;
    }
  };
  const messages = new Map<string, MessagePicture | null>();
  for (const filter of WHOLE)
    for (const node of await all<StateNode>(MESSAGES, 'messages', { filter }))
      messages.set(own('Message', node.id), pictureOf(node));
  const mailboxes = await all<{ id: string; name: string; kind: string }>(MAILBOXES, 'mailboxes', {});
  return { messages, mailboxes: new Map(mailboxes.map(({ id, name }) => [own('Mailbox', id), name])) };
}

const MAX_TRIES = 300;
/** Codes of errors that another try does not cure. */
const LASTING = new Set(['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'INTERNAL', 'NOT_FOUND', 'UNAUTHENTICATED']);

/** A client of the HTTP door that tries again while no instance answers, as the follower has to outlive its gateway. */
export function asker(url: () => string, token: string): Ask {
  return async <T>(query: string, variables: Record<string, unknown> = {}): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        const response = await fetch(`${url()}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({ query, variables }),
        });
        const { data, errors } = (await response.json()) as { data: T; errors?: AnswerError[] };
        if (!errors) return data;
        const isLasting = errors.some(({ extensions: { code } }) => LASTING.has(code));
        throw isLasting ? new Hopeless(JSON.stringify(errors)) : new Error(JSON.stringify(errors));
      } catch (error) {
        if (tries === MAX_TRIES || error instanceof Hopeless) throw error;
        await delay(100);
      }
    }
  };
}
