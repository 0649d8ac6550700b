/** What a client that keeps a copy of an account knows of one message. */
export interface MessagePicture {
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isImportant: boolean;
  readonly isDraft: boolean;
  readonly mailboxes: ReadonlySet<string>;
}

/** A copy of an account without its mail: the state of each message, and the names of its mailboxes, by the provider's ids. */
export interface AccountPicture {
  /** A message is null while it is known to exist and its state is not known. */
  readonly messages: ReadonlyMap<string, MessagePicture | null>;
  readonly mailboxes: ReadonlyMap<string, string>;
}

/** Describes each difference of a copy from the truth, which may name fewer mailboxes: those of the system never change. */
export function differences(name: string, truth: AccountPicture, copy: AccountPicture): string[] {
  const found: string[] = [];
  for (const id of new Set([...truth.messages.keys(), ...copy.messages.keys()])) {
    const [is, told] = [truth.messages.get(id), copy.messages.get(id)];
    if (told === undefined) found.push(`${name}: message ${id} was never told; it is ${shown(is)}`);
    else if (is === undefined) found.push(`${name}: the deletion of message ${id} was never told`);
    else if (shown(is) !== shown(told)) found.push(`${name}: message ${id} is ${shown(is)}, told was ${shown(told)}`);
  }
  for (const id of new Set([...truth.mailboxes.keys(), ...copy.mailboxes.keys()])) {
    const [is, told] = [truth.mailboxes.get(id), copy.mailboxes.get(id)];
    if (is !== told) found.push(`${name}: mailbox ${id} is ${quoted(is)}, told was ${quoted(told)}`);
  }
  return found;
}

const quoted = (text: string | undefined): string => (text === undefined ? 'missing' : JSON.stringify(text));

/** One line for a state, equal for equal states. */
function shown(message: MessagePicture | null | undefined): string {
  if (!message) return 'unknown';
  const { isRead, isStarred, isImportant, isDraft, mailboxes } = message;
  const flags = [isRead && 'read', isStarred && 'starred', isImportant && 'important', isDraft && 'draft'];
  return `${flags.filter(Boolean).join(' ') || 'plain'} in ${[...mailboxes].sort().join(' ') || 'none'}`;
}
