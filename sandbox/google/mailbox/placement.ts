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

/** The labels that say at Gmail what the placement says. User labels that are new are created. */
export function labelsOf(placement: Placement, book: LabelBook): Set<string> {
  const labels = new Set<string>(
    typeof placement.mailbox === 'string' ? PLACES[placement.mailbox] : [book.ensure(placement.mailbox.name)],
  );
  for (const name of placement.labels) labels.add(book.ensure(name));
  const isOwn = labels.has('DRAFT') || labels.has('SENT');
  if (!placement.isRead && !isOwn) labels.add('UNREAD');
  // Gmail's own pages put the colour of the star beside it.
  if (placement.isStarred) for (const label of ['STARRED', 'YELLOW_STAR']) labels.add(label);
  if (placement.isImportant) labels.add('IMPORTANT');
  return labels;
}
