import { ObjectType } from 'type-graphql';
import type { Mailbox } from '../../../domain/mailbox.ts';
import { connectionType, edgeType } from '../../../graphql/connection.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import type { LocalPage } from '../page-info.ts';
import { MailboxType } from './mailbox.type.ts';

const nullable = { nullableNodes: true };
const MailboxEdge = edgeType('Mailbox', () => MailboxType, nullable);

@ObjectType('MailboxConnection', {
  simpleResolvers: true,
  description: "A page of mailboxes, in the provider's order.",
})
export class MailboxConnection extends connectionType('Mailbox', () => MailboxType, MailboxEdge, nullable) {
  constructor(account: MailAccount, { items, pageInfo }: LocalPage<Mailbox>) {
    super(
      items.map(({ item, cursor }) => new MailboxEdge(new MailboxType(account, item), cursor)),
      pageInfo,
    );
  }
}
