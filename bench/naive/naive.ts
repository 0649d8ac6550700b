import { buildSchema, execute, type GraphQLSchema, parse } from 'graphql';

/**
 * The naive client: each field has a resolver, and each resolver requests what it needs from the SDK, as the
 * quickstarts of the vendors do. It has no batches, no DataLoader and no field masks. `PER_MESSAGE` differs in one
 * point: a message or a thread is requested once, and its fields share it.
 */
export type Sharing = 'PER_FIELD' | 'PER_MESSAGE';

/** One account, accessed through its SDK with one request for each call. */
export interface NaiveApi<M, T> {
  listMessages(first: number): Promise<readonly string[]>;
  getMessage(id: string): Promise<M>;
  message: { readonly [field in Field]: (message: M) => unknown };
  mailboxIds(message: M): readonly string[];
  mailboxName(id: string): Promise<string>;
  listThreads(first: number): Promise<readonly string[]>;
  getThread(id: string): Promise<T>;
  messagesOf(thread: T): readonly M[];
}
type Field = 'subject' | 'from' | 'to' | 'sentAt' | 'receivedAt' | 'snippet' | 'isRead' | 'isStarred';

const schema: GraphQLSchema = buildSchema(`
  type Query { inbox(first: Int!): [Message!]! threads(first: Int!): [Thread!]! }
  type Message {
    subject: String from: String to: String sentAt: String receivedAt: String snippet: String isRead: Boolean isStarred: Boolean
    mailboxes: [Mailbox!]!
  }
  type Mailbox { name: String! }
  type Thread { subject: String participants: [String] messageCount: Int snippet: String }
`);
const FIELDS = 'subject from to sentAt receivedAt snippet isRead isStarred';
export const NAIVE_INBOX = parse(`{ inbox(first: 50) { ${FIELDS} mailboxes { name } } }`);
export const NAIVE_THREADS = parse('{ threads(first: 25) { subject participants messageCount snippet } }');

/** Answers the query from one account. Throws the first error, so that a refused request does not count as cheap. */
export async function runNaive<M, T>(
  api: NaiveApi<M, T>,
  document: typeof NAIVE_INBOX,
  sharing: Sharing,
): Promise<void> {
  const getter = <V>(get: () => Promise<V>): (() => Promise<V>) => {
    let shared: Promise<V> | null = null;
    return () => {
      if (sharing === 'PER_FIELD') return get();
      shared ??= get();
      return shared;
    };
  };
  const messageOf = (id: string) => {
    const get = getter(() => api.getMessage(id));
    const resolvers = Object.entries(api.message).map(([name, read]) => [name, async () => read(await get())]);
    const mailboxes = async () =>
      api.mailboxIds(await get()).map((mailbox) => ({ name: () => api.mailboxName(mailbox) }));
    return { ...Object.fromEntries(resolvers), mailboxes };
  };
  const threadOf = (id: string) => {
    const get = getter(async () => api.messagesOf(await api.getThread(id)));
    const { subject, from, snippet } = api.message;
    return {
      subject: async () => (await get()).map(subject)[0],
      participants: async () => [...new Set((await get()).map(from))],
      messageCount: async () => (await get()).length,
      snippet: async () => (await get()).map(snippet).at(-1),
    };
  };
  const rootValue = {
    inbox: async ({ first }: { first: number }) => (await api.listMessages(first)).map(messageOf),
    threads: async ({ first }: { first: number }) => (await api.listThreads(first)).map(threadOf),
  };
  const { errors } = await execute({ schema, document, rootValue });
  if (errors?.[0]) throw errors[0];
}
