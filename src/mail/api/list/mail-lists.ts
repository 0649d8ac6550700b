import type { GraphQLResolveInfo } from 'graphql';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Context } from '../../../graphql/context.ts';
import { requireFirst } from '../../../graphql/limits.ts';
import { selects } from '../../../graphql/selection.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import { type ListKind, MESSAGES, THREADS } from '../../list/list-kind.ts';
import type { ListPage, UnifiedList } from '../../list/unified-list.ts';
import { conditionOf, type ListArgs } from '../list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { MessageConnection } from '../message/message.connection.ts';
import { CONTENT_FIELDS } from '../message/message.node.ts';
import { ThreadConnection } from '../thread/thread.connection.ts';

/** The scope of a list: these accounts, or one mailbox of a single account. */
export interface ListOf {
  readonly accounts: readonly MailAccount[];
  readonly scope: readonly string[];
  readonly within?: Pick<Mailbox, 'id' | 'role'>;
}

const NAMES_OF_MAILBOXES = new Set(['mailboxes']);
/** connection > edges > node > its fields */
const NODE_DEPTH = 3;

/**
 * Resolves the fields `messages` and `threads` of Viewer, Integration and Mailbox, which differ only in the scope of the
 * list.
 */
export class MailLists {
  constructor(
    private readonly lists: UnifiedList,
    private readonly mailOf: MailOf,
  ) {}

  async messages(of: ListOf, args: ListArgs, context: Context, info: GraphQLResolveInfo): Promise<MessageConnection> {
    return MessageConnection.of(await this.page(MESSAGES, of, args, context, info), Boolean(args.after), context.log);
  }

  async threads(of: ListOf, args: ListArgs, context: Context, info: GraphQLResolveInfo): Promise<ThreadConnection> {
    return ThreadConnection.of(await this.page(THREADS, of, args, context, info), Boolean(args.after), context.log);
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
    // The mailboxes are listed in parallel with the messages.
    if (selects(info, NAMES_OF_MAILBOXES, NODE_DEPTH)) for (const account of of.accounts) account.mailboxes.start();
    return this.lists.page(this.mailOf(context), kind, {
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
