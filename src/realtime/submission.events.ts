import { MailError } from '../domain/error.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { SubmissionType } from '../mail/api/submission/submission.type.ts';
import type { SubmissionStore } from '../mail/submission/submission.store.ts';
import { isFinal } from '../mail/submission/submission.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';
import type { SubmissionCursors } from './event.cursor.ts';
import { streamEvents } from './event.stream.ts';
import { SubmissionLog, type SubmissionLogOptions } from './submission.log.ts';
import { SubmissionChanged } from './submission-changed.type.ts';

interface SubmissionEventsOptions extends SubmissionLogOptions {
  readonly store: SubmissionLogOptions['store'] & Pick<SubmissionStore, 'find'>;
  readonly mailOf: MailOf;
  readonly cursors: SubmissionCursors;
}

/** The state changes of a user's submissions as a stream. */
export class SubmissionEvents {
  constructor(private readonly options: SubmissionEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND or BAD_USER_INPUT before the first event. */
  async open(id: string | null, after: string | null, context: Context): Promise<AsyncGenerator<SubmissionChanged>> {
    const { userId } = requirePrincipal(context);
    const since = after === null ? null : this.options.cursors.open(userId, after);
    if (id !== null && !(await this.options.store.find(userId, id)))
      throw new MailError('NOT_FOUND', 'There is no such submission.');
    return this.changed(userId, id, since, context);
  }

  private async *changed(
    userId: string,
    id: string | null,
    since: Date | null,
    context: Context,
  ): AsyncGenerator<SubmissionChanged, void, void> {
    const { mailOf, cursors } = this.options;
    const { signal } = context;
    const stream = streamEvents({
      logs: new SubmissionLog(this.options, id),
      keys: async () => [userId],
      after: new Map(since && [[userId, since]]),
      positionOf: ({ position }) => position,
      show: async ({ record }) => record,
      signal,
    });
    for await (const { value: record, positions } of stream) {
      const opening = () => mailOf(createContext({ ...context })).find(record.integrationId);
      const account = await retryUntilStoreIsBack(opening, signal);
      const cursor = cursors.seal(userId, positions.get(userId) ?? record.updatedAt);
      if (account) yield new SubmissionChanged(cursor, new SubmissionType(account, record));
      if (id !== null && isFinal(record.status)) return;
    }
  }
}
