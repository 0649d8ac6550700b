import { mailFromRaw } from '../../mail/received.ts';
import type { Piece } from '../../world.ts';
import type { LabelDefinition } from './label.book.ts';
import type { Mailbox } from './mailbox.ts';

interface KeptMessage {
  readonly threadId: string;
  readonly receivedAt: number;
  readonly labels: readonly string[];
  readonly draftId?: string;
}
interface KeptMail {
  readonly key: string;
  readonly base64: string;
}

const LABEL = 'label ';
const MESSAGE = 'message ';
/** The state is stored separately from the mail, because labels change and the mail does not. */
const MAIL = 'mail ';

export const stampOf = (mailbox: Mailbox): string =>
  `${mailbox.history.current} ${JSON.stringify(userLabels(mailbox))} ${[...mailbox.drafts.values()].join(' ')}`;

export function* piecesOf(mailbox: Mailbox): Generator<Piece> {
  for (const label of userLabels(mailbox))
    yield { key: LABEL + label.id, stamp: JSON.stringify(label), read: () => label };
  for (const message of mailbox.timeline.after(null)) {
    const { id, historyId, mail, threadId, receivedAt, labels } = message;
    const draftId = mailbox.drafts.get(id);
    const kept: KeptMessage = { threadId, receivedAt, labels: [...labels], ...(draftId && { draftId }) };
    yield {
      key: MAIL + id,
      stamp: '',
      read: (): KeptMail => ({ key: mail.key, base64: mail.raw().toString('base64') }),
    };
    yield { key: MESSAGE + id, stamp: `${historyId} ${draftId}`, read: () => kept };
  }
}

/** History ids begin higher at each start, so that a gateway synchronises again. */
export function restore(mailbox: Mailbox, pieces: ReadonlyMap<string, unknown>): void {
  for (const [key, value] of pieces) {
    if (key.startsWith(LABEL)) restoreLabel(mailbox, key.slice(LABEL.length), value as LabelDefinition | null);
    if (key.startsWith(MESSAGE))
      restoreMessage(mailbox, key.slice(MESSAGE.length), value as KeptMessage | null, pieces);
  }
}

function restoreLabel({ labels }: Mailbox, id: string, kept: LabelDefinition | null): void {
  const known = labels.get(id);
  if (kept) labels.putBack(kept);
  else if (known) labels.delete(known);
}

/** A changed message is not restored when the account's mail no longer contains it. */
function restoreMessage(
  mailbox: Mailbox,
  id: string,
  kept: KeptMessage | null,
  pieces: ReadonlyMap<string, unknown>,
): void {
  if (!kept) {
    mailbox.takeOut(id);
    return;
  }
  const { threadId, receivedAt, labels, draftId } = kept;
  const written = pieces.get(MAIL + id) as KeptMail | null | undefined;
  const mail = written
    ? mailFromRaw(Buffer.from(written.base64, 'base64'), { key: written.key, receivedAt: new Date(receivedAt) })
    : mailbox.get(id)?.mail;
  if (!mail) return;
  mailbox.putBack({ id, threadId, receivedAt, labels: new Set(labels), mail });
  if (draftId) mailbox.drafts.set(id, draftId);
}

const userLabels = ({ labels }: Mailbox): readonly LabelDefinition[] =>
  labels.all().filter(({ type }) => type === 'user');
