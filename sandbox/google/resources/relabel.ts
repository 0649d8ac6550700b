import { invalidArgument } from '../errors.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import { type Json, texts } from '../wire/body.ts';

export interface LabelChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const MAX_LABELS = 100;
/** Labels that state what a message is. Clients cannot change them. */
const FIXED = new Set(['SENT', 'DRAFT', 'CHAT']);

/** Reads and checks addLabelIds and removeLabelIds. Throws GoogleError 400. */
export function labelChange(body: Json, mailbox: Mailbox): LabelChange {
  const add = texts(body, 'addLabelIds');
  const remove = texts(body, 'removeLabelIds');
  if (add.length === 0 && remove.length === 0) throw invalidArgument('No label add or removes specified');
  if (add.length > MAX_LABELS || remove.length > MAX_LABELS)
    throw invalidArgument(`At most ${MAX_LABELS} labels can be changed at once`);
  for (const label of [...add, ...remove])
    if (!mailbox.labels.get(label) || FIXED.has(label)) throw invalidArgument(`Invalid label: ${label}`);
  if (add.some((label) => remove.includes(label))) throw invalidArgument('Cannot both add and remove the same label');
  return { add, remove };
}

/** Adding TRASH or SPAM removes a message from the inbox. */
export function relabel(mailbox: Mailbox, message: StoredMessage, { add, remove }: LabelChange): void {
  const leaves = add.includes('TRASH') || add.includes('SPAM');
  mailbox.relabel(
    message,
    leaves ? add.filter((label) => label !== 'INBOX') : add,
    leaves ? [...remove, 'INBOX', ...(add.includes('TRASH') ? ['SPAM'] : ['TRASH'])] : remove,
  );
}

export const TRASH: LabelChange = { add: ['TRASH'], remove: [] };
export const UNTRASH: LabelChange = { add: [], remove: ['TRASH'] };
