import type { MailSession } from '../../providers/contract/provider.ts';

/** The calls that read the mailbox itself. The directory, say, also answers for accounts that have no mailbox. */
type MailboxReads = Pick<MailSession, 'listMailboxes' | 'listMessages' | 'listThreads' | 'changes'>;

/**
 * The session of an account that rests in an ERROR: what reads the mailbox itself tells when it was answered, for then the
 * account is well again. Everything else is the session's own.
 */
export function recoveringSession(session: MailSession, answered: () => Promise<void>): MailSession {
  const telling = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    await answered();
    return value;
  };
  const reads: MailboxReads = {
    listMailboxes: (call) => telling(session.listMailboxes(call)),
    listMessages: (query, page, call) => telling(session.listMessages(query, page, call)),
    listThreads: (query, page, call) => telling(session.listThreads(query, page, call)),
    changes: (since, call, hints) => telling(session.changes(since, call, hints)),
  };
  return Object.assign(Object.create(session) as MailSession, reads);
}
