import { isMailError } from '../domain/error.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import type { FollowedAccount } from './account-caches.ts';
import { type Change, unknownUpdate } from './recent-changes.ts';

type Writes = Pick<
  MailSession,
  'update' | 'deleteForever' | 'saveDraft' | 'deleteDraft' | 'saveMailbox' | 'deleteMailbox' | 'send'
>;

/**
 * The writes of a session. When one ends, whether with an answer or without, the cache drops what it may have changed, so that the
 * caller sees its effect at once. Other instances learn of it from the change log. `followed` is asked when a write ends, because
 * another request may have begun to follow the account meanwhile, and have read it before the write.
 */
export function writesOf(session: MailSession, followed: () => FollowedAccount | null): Writes {
  const changed = (...changes: readonly Change[]): void => {
    const { cache } = followed() ?? {};
    for (const change of changes) cache?.changed(change);
  };
  const ended = <T>(work: Promise<T>, then: () => void): Promise<T> => work.finally(then);
  const draftChanged = (): void => {
    followed()?.cache.messages.forgetDrafts();
    // It may be in any list, and in any thread.
    changed({ kind: 'created', id: '' });
  };
  const updated = (id: string): void => {
    followed()?.cache.messages.forget(id);
    changed(unknownUpdate(id));
  };
  return {
    async update(patches, call) {
      const settled = new Set<string>();
      try {
        const answers = await session.update(patches, call);
        const { cache, log } = followed() ?? {};
        for (const [index, { id }] of patches.entries()) {
          const message = answers[index];
          // Only a log that is followed keeps the message right from now on. A moved message may have another id.
          if (!message || isMailError(message) || message.id !== id || !cache || !log?.isCurrent) continue;
          changed(cache.messages.written(message));
          settled.add(id);
        }
        return answers;
      } finally {
        for (const { id } of patches) if (!settled.has(id)) updated(id);
      }
    },
    deleteForever: (ids, call) =>
      ended(session.deleteForever(ids, call), () => changed(...ids.map((id) => ({ kind: 'deleted', id }) as const))),
    saveDraft: (write, call) => ended(session.saveDraft(write, call), draftChanged),
    deleteDraft: (id, ifVersion, call) => ended(session.deleteDraft(id, ifVersion, call), draftChanged),
    send: (draftId, call) => ended(session.send(draftId, call), draftChanged),
    saveMailbox: (patch, call) => ended(session.saveMailbox(patch, call), () => changed({ kind: 'mailbox' })),
    // Its messages may lose it, or be moved with it.
    deleteMailbox: (id, call) => ended(session.deleteMailbox(id, call), () => changed({ kind: 'anything' })),
  };
}
