import { z } from 'zod';
import { MailError } from '../domain/error.ts';
import type { Context } from '../graphql/context.ts';
import { requirePrincipal } from '../graphql/principal.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { SubmissionType } from '../mail/api/submission/submission.type.ts';
import { SUBMISSION_TOPIC, SubmissionWake } from '../mail/submission/submission.feed.ts';
import type { SubmissionStore } from '../mail/submission/submission.store.ts';
import { isFinal, type SubmissionRecord } from '../mail/submission/submission.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { whenStoreIsBack } from '../platform/database/store.patience.ts';
import { SealError, type Sealer } from '../platform/secrets/seal.ts';
import { AutoResetEvent } from './auto-reset-event.ts';
import { SubmissionChanged } from './submission-changed.type.ts';

interface SubmissionEventsOptions {
  readonly store: Pick<SubmissionStore, 'find' | 'changedSince'>;
  readonly mailOf: MailOf;
  readonly sealer: Sealer;
  readonly bus: Pick<Bus, 'subscribe' | 'onGap'>;
}

const PURPOSE = 'submission-event-cursor';
const Place = z.number();
/** Rows can become visible slightly out of order, and the clocks of instances differ: each read goes back by this overlap. */
const OVERLAP_MS = 10_000;
const PAGE = 500;
const before = (place: Date): Date => new Date(Math.max(0, place.getTime() - OVERLAP_MS));

/** The state changes of a user's submissions as a stream: woken over the bus, read from the rows. */
export class SubmissionEvents {
  constructor(private readonly options: SubmissionEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND or BAD_USER_INPUT before the first event. */
  async open(id: string | null, after: string | null, context: Context): Promise<AsyncGenerator<SubmissionChanged>> {
    const { userId } = requirePrincipal(context);
    const since = after === null ? null : this.opened(userId, after);
    if (id !== null && !(await this.options.store.find(userId, id)))
      throw new MailError('NOT_FOUND', 'There is no such submission.');
    return this.stream(userId, id, since, context);
  }

  private async *stream(
    userId: string,
    id: string | null,
    since: Date | null,
    context: Context,
  ): AsyncGenerator<SubmissionChanged, void, void> {
    const { mailOf, store } = this.options;
    const wakeUp = new AutoResetEvent();
    const stops = this.listen(userId, id, wakeUp);
    const { signal } = context;
    // The database may be unavailable for a while: the subscription then continues from the same position.
    const read = <T>(work: () => Promise<T>) => whenStoreIsBack(work, signal);
    signal.addEventListener('abort', wakeUp.set, { once: true });
    // The events already delivered, by the time of the change; entries older than the overlap are dropped.
    const told = new Map<string, number>();
    let place = since ?? new Date();
    try {
      // A subscriber to one submission first gets its current state; a subscriber to all gets changes from now on.
      if (since === null && id !== null) place = new Date(0);
      let from = before(place);
      if (since === null && id === null) {
        // The database may have been unavailable until now: changes in the meantime are still to be delivered.
        for (const { id: known, updatedAt } of await read(() => store.changedSince(userId, null, from, PAGE)))
          if (updatedAt <= place) told.set(known, updatedAt.getTime());
      }
      while (!signal.aborted) {
        const page = await read(() => store.changedSince(userId, id, from, PAGE));
        const news = page.filter((record) => told.get(record.id) !== record.updatedAt.getTime());
        for (const record of news) {
          told.set(record.id, record.updatedAt.getTime());
          if (record.updatedAt > place) place = record.updatedAt;
          const account = await read(() => mailOf(createContext({ ...context })).find(record.integrationId));
          if (account) yield new SubmissionChanged(this.sealed(userId, place), new SubmissionType(account, record));
          if (id !== null && isFinal(record.status)) return;
        }
        const full = page.length === PAGE;
        from = full ? (page.at(-1) as SubmissionRecord).updatedAt : before(place);
        for (const [known, at] of told) if (at < place.getTime() - 2 * OVERLAP_MS) told.delete(known);
        if (news.length === 0 && !full) await wakeUp.wait();
      }
    } finally {
      for (const stop of stops) stop();
      signal.removeEventListener('abort', wakeUp.set);
    }
  }

  private listen(userId: string, id: string | null, wakeUp: AutoResetEvent): (() => void)[] {
    const { bus } = this.options;
    const heard = (payload: unknown) => {
      const wake = SubmissionWake.safeParse(payload);
      if (wake.success && wake.data.userId === userId && (id === null || id === wake.data.id)) wakeUp.set();
    };
    return [bus.subscribe(SUBMISSION_TOPIC, heard), bus.onGap(wakeUp.set)];
  }

  private sealed(userId: string, place: Date): string {
    return this.options.sealer.sealText(PURPOSE, userId, JSON.stringify(place.getTime()));
  }

  private opened(userId: string, cursor: string): Date {
    try {
      return new Date(Place.parse(JSON.parse(this.options.sealer.openText(PURPOSE, userId, cursor))));
    } catch (error) {
      if (!(error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      throw new MailError('BAD_USER_INPUT', 'after is not a cursor that this subscription gave to you.');
    }
  }
}
