import type { GraphQLResolveInfo } from 'graphql';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Context } from '../../graphql/context.ts';
import { requireFirst } from '../../graphql/limits.ts';
import { selects } from '../../graphql/selection.ts';
import type { Account } from '../account.ts';
import { conditionOf, type ListArgs } from '../api/list/list.args.ts';
import { MessageConnection } from '../api/message/message.connection.ts';
import { CONTENT_FIELDS } from '../api/message/message.node.ts';
import { ThreadConnection } from '../api/thread/thread.connection.ts';
import { type ListKind, MESSAGES, THREADS } from './list-kind.ts';
import type { ListPage, UnifiedList } from './unified-list.ts';

/** Which list: of these accounts, or of one mailbox of the only one. */
export interface ListOf {
  readonly accounts: readonly Account[];
  readonly scope: readonly string[];
  readonly within?: Pick<Mailbox, 'id' | 'role'>;
}

const NAMES_OF_MAILBOXES = new Set(['mailboxes']);
/** connection > edges > node > its fields */
const NODE_DEPTH = 3;

/** The messages and threads fields of Viewer, Integration and Mailbox, which differ in whose mail they list. */
export class MailLists {
  constructor(private readonly lists: UnifiedList) {}

  async messages(of: ListOf, args: ListArgs, context: Context, info: GraphQLResolveInfo): Promise<MessageConnection> {
    return MessageConnection.of(await this.page(MESSAGES, of, args, context, info), Boolean(args.after));
  }

  async threads(of: ListOf, args: ListArgs, context: Context, info: GraphQLResolveInfo): Promise<ThreadConnection> {
    return ThreadConnection.of(await this.page(THREADS, of, args, context, info), Boolean(args.after));
  }

  private page<T>(
    kind: ListKind<T>,
    of: ListOf,
    args: ListArgs,
    context: Context,
    info: GraphQLResolveInfo,
  ): Promise<ListPage<T>> {
    const first = requireFirst(args.first);
    const condition = conditionOf(args);
    // The names are read beside the list, and not after it.
    if (selects(info, NAMES_OF_MAILBOXES, NODE_DEPTH)) for (const account of of.accounts) account.mailboxes.start();
    return this.lists.page(context, kind, {
      accounts: of.accounts,
      scope: of.scope,
      within: of.within ?? null,
      condition,
      first,
      after: args.after ?? null,
      detail: selects(info, CONTENT_FIELDS, NODE_DEPTH) ? 'full' : 'envelope',
    });
  }
}
