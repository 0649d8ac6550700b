import type { Envelope, Mail, Person } from '../../mail/mail.ts';
import { DEFAULT_SEARCH_INDEX, type SearchIndex } from '../../world.ts';
import { searchText } from './search.words.ts';

/**
 * The entry of a message in the search index. It is small, because there may be many. All fields but the last two are searchText.
 * It has no size and no preview, because a generated mail must be built to know them.
 */
export interface SearchEntry {
  readonly subject: string;
  readonly from: string;
  /** To, Cc and Bcc. */
  readonly recipients: string;
  readonly cc: string;
  readonly bcc: string;
  readonly messageId: string | null;
  readonly hasAttachment: boolean;
}

export function searchEntry(envelope: Envelope, index: SearchIndex = DEFAULT_SEARCH_INDEX): SearchEntry {
  const people = (list: readonly (Person | null)[]) => peopleText(list, index);
  const to = people(envelope.to);
  const cc = people(envelope.cc);
  const bcc = people(envelope.bcc);
  return {
    subject: searchText(envelope.subject, index),
    from: people(index.sender === 'found' ? [envelope.from, envelope.sender] : [envelope.from]),
    recipients: cc || bcc ? [to, cc, bcc].filter(Boolean).join('\n') : to,
    cc,
    bcc,
    messageId: envelope.messageId,
    hasAttachment: envelope.hasAttachment,
  };
}

/** A message with its entry in the default index. */
interface Indexed {
  readonly mail: Mail;
  readonly entry: SearchEntry;
}

/** The entries of accounts whose index is not the default one. */
const others = new WeakMap<SearchIndex, WeakMap<Indexed, SearchEntry>>();

/** Returns the entry of a message in the account's index. */
export function entryOf(message: Indexed, index: SearchIndex): SearchEntry {
  if (index === DEFAULT_SEARCH_INDEX) return message.entry;
  const known = others.get(index) ?? new WeakMap<Indexed, SearchEntry>();
  others.set(index, known);
  const entry = known.get(message) ?? searchEntry(message.mail.envelope, index);
  known.set(message, entry);
  return entry;
}

/** Each name and address is on a line of its own, so that no phrase matches across two of them. */
function peopleText(list: readonly (Person | null)[], index: SearchIndex): string {
  const texts = new Set(list.flatMap((person) => (person ? [person.name, person.address] : [])));
  return [...texts]
    .map((text) => searchText(text, index))
    .filter(Boolean)
    .join('\n');
}
