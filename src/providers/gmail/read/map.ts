import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { Address } from '../../../domain/address.ts';
import type { Message } from '../../../domain/message.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import { type Thread, threadOf } from '../../../domain/thread.ts';
import type { Detail } from '../../contract/list.ts';
import { retaining } from '../../contract/retained.ts';
import { lazySnippet } from '../../shared/html/snippet.ts';
import { bodyParts } from './body-parts.ts';
import { contentOf } from './content.ts';
import { HeaderFields } from './headers.ts';
import { HIDDEN_LABELS, mailboxIdsOf } from './labels.ts';
import { unescapedSnippet } from './text.ts';

/** The flags and mailboxes that a message has by its labels. */
export function flagsOf(labelIds: readonly string[]) {
  const has = (label: string) => labelIds.includes(label);
  return {
    mailboxIds: mailboxIdsOf(labelIds),
    isRead: !has('UNREAD'),
    isStarred: has('STARRED'),
    isDraft: has('DRAFT'),
    isImportant: has('IMPORTANT'),
  };
}

/** Converts a message. `written` is its raw header, where the listed header leaves its addresses ambiguous. */
export function toMessage(raw: gmail_v1.Schema$Message, detail: Detail, written?: HeaderFields): Message {
  const headers = new HeaderFields(raw.payload?.headers ?? []);
  const people = (name: string) => (written ? headers.settledAddresses(name, written) : headers.addresses(name));
  // An ambiguous header whose raw form is unknown is read as one entry, so that no reply goes to an address inside a name.
  const single = (name: string) =>
    written || headers.certainty(name) === 'certain' ? people(name) : headers.oneAddress(name);
  // Recipients are parsed when they are read: ten thousand take a tenth of a second, and most lists show none.
  const read = new Map<string, Address[]>();
  const recipients = (name: string): Address[] => {
    const known = read.get(name) ?? people(name);
    read.set(name, known);
    return known;
  };
  const payload = detail === 'full' ? (raw.payload ?? null) : null;
  const content = payload && contentOf(payload);
  const snippet = lazySnippet(unescapedSnippet(raw.snippet ?? ''), content);
  const message: Message = {
    id: raw.id ?? '',
    threadId: raw.threadId ?? null,
    ...flagsOf(raw.labelIds ?? []),
    subject: toOneLine(headers.text('subject') ?? ''),
    get snippet() {
      return snippet();
    },
    from: single('from')[0] ?? null,
    sender: single('sender')[0] ?? null,
    get to() {
      return recipients('to');
    },
    get cc() {
      return recipients('cc');
    },
    get bcc() {
      return recipients('bcc');
    },
    replyTo: single('reply-to'),
    sentAt: headers.date('date'),
    receivedAt: new Date(Number(raw.internalDate ?? 0)),
    isAnswered: null,
    // format=metadata has no parts, and the type of the top part alone would be a guess.
    hasAttachments: content?.attachments.some((attachment) => !attachment.isInline) ?? null,
    internetMessageId: headers.ids('message-id')[0] ?? (headers.raw('message-id')?.trim() || null),
    sizeBytes: raw.sizeEstimate ?? null,
    content,
  };
  return retaining(message, sourceLength(raw, payload));
}

/** The length of the headers, and of the texts of the body, from which properties are computed later. */
function sourceLength({ payload }: gmail_v1.Schema$Message, body: gmail_v1.Schema$MessagePart | null): number {
  const headers = (payload?.headers ?? []).reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  return headers + (body ? bodyParts(body).reduce((sum, part) => sum + (part.body?.data?.length ?? 0), 0) : 0);
}

/** Converts a thread. Null: all of its messages were deleted. Gmail returns threads whole, whatever their length. */
export function toThread(
  raw: gmail_v1.Schema$Thread,
  written: ReadonlyMap<string, HeaderFields> = new Map(),
): Thread | null {
  const messages = (raw.messages ?? []).map((message) => toMessage(message, 'envelope', written.get(message.id ?? '')));
  return raw.id && messages.length > 0 ? threadOf(raw.id, messages, HIDDEN_LABELS) : null;
}
