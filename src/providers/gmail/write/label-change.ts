import type { Patch } from '../../contract/mail-session.ts';

/** The label changes of one message. Removing an absent label and adding a present one have no effect. */
export class LabelChange {
  private readonly adding = new Set<string>();
  private readonly removing = new Set<string>();

  get add(): readonly string[] {
    return [...this.adding].sort();
  }

  get remove(): readonly string[] {
    return [...this.removing].sort();
  }

  /** A label among the changes that Gmail sets itself and does not allow to change. Undefined: there is none. */
  get fixed(): string | undefined {
    return [...this.adding, ...this.removing].find((label) => FIXED.has(label));
  }

  apply(patch: Patch): void {
    this.flag('UNREAD', patch.isRead === undefined ? undefined : !patch.isRead);
    this.flag('STARRED', patch.isStarred);
    this.flag('IMPORTANT', patch.isImportant);
    for (const label of patch.addMailboxIds ?? []) this.addLabel(label);
    for (const label of patch.removeMailboxIds ?? []) this.removeLabel(label);
    if (patch.moveTo !== undefined) this.move(patch.moveTo);
  }

  /** Moves the message. Every move also takes it out of trash and spam. */
  private move(to: NonNullable<Patch['moveTo']>): void {
    for (const label of HIDING) this.removeLabel(label);
    if (typeof to === 'object') {
      // As Gmail's own "move to" does: adds the label and removes INBOX, or the mailbox that the patch names instead.
      const from = to.fromMailboxId ?? 'INBOX';
      // Gmail does not allow SENT and DRAFT to be removed.
      if (!FIXED.has(from)) this.removeLabel(from);
      this.addLabel(to.mailboxId);
    } else if (to === 'INBOX') {
      this.addLabel('INBOX');
    } else if (to === 'ARCHIVE' || to === 'TRASH' || to === 'JUNK') {
      this.removeLabel('INBOX');
      if (to !== 'ARCHIVE') this.addLabel(to === 'JUNK' ? 'SPAM' : 'TRASH');
    }
    // Gmail hides messages with one of these labels from all other mailboxes and removes INBOX from them.
    if (HIDING.some((label) => this.adding.has(label))) this.removeLabel('INBOX');
  }

  private flag(label: string, value: boolean | undefined): void {
    if (value === true) this.addLabel(label);
    if (value === false) this.removeLabel(label);
  }

  private addLabel(label: string): void {
    this.removing.delete(label);
    this.adding.add(label);
  }

  private removeLabel(label: string): void {
    this.adding.delete(label);
    this.removing.add(label);
  }
}

const FIXED: ReadonlySet<string> = new Set(['SENT', 'DRAFT', 'CHAT']);
const HIDING = ['TRASH', 'SPAM'];
