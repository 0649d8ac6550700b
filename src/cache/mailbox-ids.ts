import { effectiveRole, MAILBOX_ROLES, type Mailbox, type MailboxRole } from '../domain/mailbox.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import type { Capabilities } from '../providers/contract/provider.ts';
import type { KnownMailboxes } from './list-scope.ts';

type RoleIds = Pick<MailSession, 'roleMailboxId'>;

interface Listed {
  readonly ids: ReadonlySet<string>;
  readonly byRole: ReadonlyMap<MailboxRole, string>;
  readonly hidden: ReadonlySet<string>;
}

/**
 * The ids of an account's mailboxes, as its messages carry them. At a provider that keeps a message in one mailbox, a list may name
 * a mailbox by another id (`MailSession.roleMailboxId`), and then only `listMailboxes` shows which one is meant.
 */
export class MailboxIds {
  private listed: Listed | null = null;

  constructor(private readonly perMessage: Capabilities['mailboxesPerMessage']) {}

  learn(mailboxes: readonly Mailbox[]): void {
    const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
    const isHidden = (mailbox: Mailbox) => ['TRASH', 'JUNK'].includes(effectiveRole(mailbox, byId) ?? '');
    this.listed = {
      ids: new Set(byId.keys()),
      byRole: new Map(mailboxes.flatMap(({ role, id }) => (role ? [[role, id] as const] : []))),
      hidden: new Set(mailboxes.filter(isHidden).map(({ id }) => id)),
    };
  }

  forget(): void {
    this.listed = null;
  }

  known(session: RoleIds): KnownMailboxes {
    const { listed } = this;
    if (this.perMessage === 'MANY')
      return { idOf: (id) => id, hidden: hiddenByRole(session) ?? listed?.hidden ?? null };
    const roleOf = (id: string) => MAILBOX_ROLES.find((role) => session.roleMailboxId?.(role) === id);
    return {
      hidden: listed?.hidden ?? null,
      idOf: (id) => {
        const role = listed?.ids.has(id) ? undefined : roleOf(id);
        return role === undefined ? id : (listed?.byRole.get(role) ?? null);
      },
    };
  }
}

/** Null where the provider does not know both without listing the mailboxes. */
function hiddenByRole(session: RoleIds): ReadonlySet<string> | null {
  const [trash, junk] = [session.roleMailboxId?.('TRASH'), session.roleMailboxId?.('JUNK')];
  return trash && junk ? new Set([trash, junk]) : null;
}
