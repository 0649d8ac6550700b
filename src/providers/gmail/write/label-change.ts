import type { Patch } from '../../contract/mail-session.ts';

/** What one message's labels become. Taking off a label that is not there, or adding one that is, changes nothing. */
export class LabelChange {
  private readonly adding = new Set<string>();
  private readonly removing = new Set<string>();

  get add(): readonly string[] {
    return [...this.adding].sort();
  }

  get remove(): readonly string[] {
    return [...this.removing].sort();
  }

  /** A label that Gmail puts on by itself and refuses to have changed; undefined when there is none among them. */
  get fixed(): string | undefined {
    return [...this.adding, ...this.removing].find((label) => FIXED.has(label));
  }

  apply(patch: Patch): void {
    this.flag('UNREAD', patch.isRead === undefined ? undefined : !patch.isRead);
    this.flag('STARRED', patch.isStarred);
    this.flag('IMPORTANT', patch.isImportant);
    for (const label of patch.addMailboxIds ?? []) this.put(label);
    for (const label of patch.removeMailboxIds ?? []) this.take(label);
    if (patch.moveTo !== undefined) this.move(patch.moveTo);
  }

  /** Out of the trash and out of spam, whichever way: what is moved is wanted elsewhere. */
  private move(to: NonNullable<Patch['moveTo']>): void {
    for (const label of HIDING) this.take(label);
    if (typeof to === 'object') {
      // Gmail's own "move to": into the label and out of the inbox, unless another place to leave is named.
      const from = to.fromMailboxId ?? 'INBOX';
      // What was sent stays sent.
      if (!FIXED.has(from)) this.take(from);
      this.put(to.mailboxId);
    } else if (to === 'INBOX') {
      this.put('INBOX');
    } else if (to === 'ARCHIVE' || to === 'TRASH' || to === 'JUNK') {
      this.take('INBOX');
      if (to !== 'ARCHIVE') this.put(to === 'JUNK' ? 'SPAM' : 'TRASH');
    }
    // Gmail hides what carries one of these from every other place; it does so by taking it out of the inbox.
    if (HIDING.some((label) => this.adding.has(label))) this.take('INBOX');
  }

  private flag(label: string, value: boolean | undefined): void {
    if (value === true) this.put(label);
    if (value === false) this.take(label);
  }

  private put(label: string): void {
    this.removing.delete(label);
    this.adding.add(label);
  }

  private take(label: string): void {
    this.adding.delete(label);
    this.removing.add(label);
  }
}

const FIXED: ReadonlySet<string> = new Set(['SENT', 'DRAFT', 'CHAT']);
const HIDING = ['TRASH', 'SPAM'];
