/**
 * The pages that are measured. The inbox of a front-end has headers, a snippet and flags, with or without the names of
 * the mailboxes.
 */
const MESSAGE = `id subject snippet receivedAt sentAt isRead isStarred isImportant hasAttachments
  from { name address } to { name address }`;

export const MAILBOXES = 'mailboxes { id name role }';

export const inboxPage = (more = ''): string => `query Inbox {
  viewer { messages(first: 50, filter: { role: INBOX }) {
    nodes { ${MESSAGE} ${more} }
    pageInfo { hasNextPage endCursor }
    sources { state }
  } }
}`;

/**
 * The inbox with a variable that changes nothing, so that requests with different values have different answers to keep and
 * read the same objects.
 */
export const variedInboxPage = (more = ''): string =>
  inboxPage(more).replace('query Inbox {', 'query Inbox($unused: ID!) { node(id: $unused) @skip(if: true) { id }');

export const THREADS_PAGE = `query Threads {
  viewer { threads(first: 25) {
    nodes { id subject snippet messageCount lastMessageAt isUnread participants { name address } }
    pageInfo { hasNextPage endCursor }
    sources { state }
  } }
}`;

/** The same list ten times, with 5 to 50 items. */
export const TEN_ALIASES = `query Aliases { viewer {
  ${Array.from({ length: 10 }, (_, n) => `a${n}: messages(first: ${5 * (n + 1)}, filter: { isRead: true }) { nodes { ${MESSAGE} } }`).join('\n  ')}
} }`;

/** A message and its content in 40 fields of one query. */
export const oneMessage = (ids: readonly string[]): string =>
  `{ ${Array.from({ length: 40 }, (_, n) => `m${n}: node(id: "${ids[n % ids.length]}") { ...M }`).join(' ')} }
  fragment M on Message { subject snippet body { text } }`;
