import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import DataLoader from 'dataloader';
import { buildSchema, type GraphQLSchema } from 'graphql';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { ACCOUNTS } from './mail.ts';

/**
 * The page of the other servers: the schema of the gateway over the same objects, resolved in the shortest way, with
 * the names of mailboxes through a DataLoader. They have no users, limits or cursors.
 */
export const schema: GraphQLSchema = buildSchema(
  readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'),
);

interface PeerContext {
  readonly mailboxes: DataLoader<string, Mailbox>;
}

const byId = new Map(ACCOUNTS.flatMap(({ mailboxes }) => mailboxes.map((mailbox) => [mailbox.id, mailbox] as const)));

export const newContext = (): PeerContext => ({
  mailboxes: new DataLoader(async (ids) => ids.map((id) => byId.get(id) ?? new Error(`there is no mailbox ${id}`))),
});

const merged = ACCOUNTS.flatMap(({ messages }) => messages).sort(
  (a, b) => b.receivedAt.getTime() - a.receivedAt.getTime(),
);
const sources = ACCOUNTS.map(() => ({ state: 'COMPLETE' }));

/** A field without a resolver is a property. */
const resolvers = {
  Query: { viewer: () => ({}) },
  Viewer: {
    messages: (_viewer: object, { first }: { first: number }) => ({
      nodes: merged.slice(0, first),
      pageInfo: { hasNextPage: true, endCursor: 'a position in the list' },
      sources,
    }),
  },
  Message: {
    mailboxes: ({ mailboxIds }: { mailboxIds: string[] }, _args: object, context: PeerContext) =>
      context.mailboxes.loadMany(mailboxIds),
  },
};
for (const [type, fields] of Object.entries(resolvers)) {
  for (const [name, resolve] of Object.entries(fields)) {
    const { [name]: field } =
      (schema.getType(type) as { getFields(): Record<string, { resolve?: unknown }> } | undefined)?.getFields() ?? {};
    if (!field) throw new Error(`the schema has no ${type}.${name}`);
    field.resolve = resolve;
  }
}
const { DateTime } = schema.getTypeMap() as { DateTime?: { serialize: (value: unknown) => unknown } };
if (DateTime) DateTime.serialize = (value) => (value as Date).toISOString();

export async function readJson<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}
