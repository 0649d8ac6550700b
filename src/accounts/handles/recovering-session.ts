import type { MailSession } from '../../providers/contract/mail-session.ts';

/** The calls that read the mailbox itself. Other calls, for example of the directory, also succeed for accounts without a mailbox. */
type MailboxReads = Pick<MailSession, 'listMailboxes' | 'listMessages' | 'listThreads' | 'changes'>;

interface SessionObserver {
  /** The mailbox itself was read, so an account with the status ERROR works again. */
  answered(): Promise<void>;
  /** The session begins to hold a connection over which the provider announces news. */
  listening?(): void;
  /** That connection has ended. */
  stoppedListening?(): void;
}

/**
 * Returns the session with its reads of the mailbox and its `listen` reported to an observer. Every other member runs on the
 * session itself, so that `close` finds what they have opened, for example a connection.
 */
export function recoveringSession(session: MailSession, observer: SessionObserver): MailSession {
  const reporting = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    await observer.answered();
    return value;
  };
  const reads: MailboxReads = {
    listMailboxes: (call) => reporting(session.listMailboxes(call)),
    listMessages: (query, page, call) => reporting(session.listMessages(query, page, call)),
    listThreads: (query, page, call) => reporting(session.listThreads(query, page, call)),
    changes: (since, call, hints) => reporting(session.changes(since, call, hints)),
  };
  const listen = async (...given: Parameters<NonNullable<MailSession['listen']>>): Promise<void> => {
    observer.listening?.();
    try {
      await session.listen?.(...given);
    } finally {
      observer.stoppedListening?.();
    }
  };
  return new Proxy(session, {
    get(own, name) {
      if (name === 'listen') return own.listen && listen;
      if (Object.hasOwn(reads, name)) return reads[name as keyof MailboxReads];
      const member: unknown = Reflect.get(own, name, own);
      return typeof member === 'function' ? member.bind(own) : member;
    },
  });
}
