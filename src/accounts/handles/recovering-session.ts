import type { MailSession } from '../../providers/contract/mail-session.ts';

/** The calls that read the mailbox itself. Other calls, for example of the directory, also succeed for accounts without a mailbox. */
type MailboxReads = Pick<MailSession, 'listMailboxes' | 'listMessages' | 'listThreads' | 'changes'>;

interface SessionObserver {
  /** The mailbox itself was read, so an account with the status ERROR works again. */
  answered(): Promise<void>;
  /** A call begins, or a connection over which the provider announces news is held. */
  began?(): void;
  /** That call or connection has ended. */
  ended?(): void;
}

/**
 * Returns the session with its calls, and the answers to its reads of the mailbox, reported to an observer. Every other member runs on the
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
  const counting =
    (call: (...given: unknown[]) => unknown) =>
    (...given: unknown[]): unknown => {
      const answer = call(...given);
      if (!(answer instanceof Promise)) return answer;
      observer.began?.();
      return answer.finally(() => observer.ended?.());
    };
  return new Proxy(session, {
    get(own, name) {
      const member: unknown = Object.hasOwn(reads, name)
        ? reads[name as keyof MailboxReads]
        : Reflect.get(own, name, own);
      if (typeof member !== 'function') return member;
      const call = member.bind(own);
      return name === 'close' ? call : counting(call);
    },
  });
}
