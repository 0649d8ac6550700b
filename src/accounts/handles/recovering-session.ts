import type { MailSession } from '../../providers/contract/mail-session.ts';

/** The calls that read the mailbox itself. The directory, say, also answers for accounts that have no mailbox. */
type MailboxReads = Pick<MailSession, 'listMailboxes' | 'listMessages' | 'listThreads' | 'changes'>;

/**
 * The session, with what reads the mailbox itself telling when it was answered: an account that rests in an ERROR is well
 * again then. Everything else is the session's own, and runs on it: what it keeps, a connection for example, must be where
 * its `close` finds it.
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
  return new Proxy(session, {
    get(own, name) {
      if (Object.hasOwn(reads, name)) return reads[name as keyof MailboxReads];
      const member: unknown = Reflect.get(own, name, own);
      return typeof member === 'function' ? member.bind(own) : member;
    },
  });
}
