import type { Placement } from '../../mail/mail.ts';
import type { LabelBook } from './label.book.ts';

const PLACES = {
  inbox: ['INBOX', 'CATEGORY_PERSONAL'],
  sent: ['SENT'],
  archive: [],
  drafts: ['DRAFT'],
  trash: ['TRASH'],
  junk: ['SPAM'],
} as const;

/** Returns the labels that mean the placement at Gmail. New user labels are created. */
export function labelsOf(placement: Placement, book: LabelBook): Set<string> {
  const labels = new Set<string>(
    typeof placement.mailbox === 'string' ? PLACES[placement.mailbox] : [book.ensure(placement.mailbox.name)],
  );
  for (const name of placement.labels) labels.add(book.ensure(name));
  const isOwn = labels.has('DRAFT') || labels.has('SENT');
  if (!placement.isRead && !isOwn) labels.add('UNREAD');
  // Gmail's web pages also add the label of the star's colour.
  if (placement.isStarred) for (const label of ['STARRED', 'YELLOW_STAR']) labels.add(label);
  if (placement.isImportant) labels.add('IMPORTANT');
  return labels;
}
