import type { LoggedChange } from '../change.store.ts';

interface Callbacks {
  readonly missed: () => void;
  readonly nothing: (() => void) | undefined;
}

/** Whom to call when a full read finds changes of an account that its provider should have notified, and when it finds none. */
export class MissedChanges {
  private readonly callbacks = new Map<string, Callbacks>();

  expect(integrationId: string, missed: () => void, nothing?: () => void): void {
    this.callbacks.set(integrationId, { missed, nothing });
  }

  /** There is news of the account, so that what its next run finds was not missed. */
  forget(integrationId: string): void {
    this.callbacks.delete(integrationId);
  }

  found(integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]): void {
    // Providers send no notifications about mailboxes, and a reset says nothing of the watch.
    if (!entries.some(({ kind }) => kind !== 'mailbox' && kind !== 'reset')) return;
    this.callbacks.get(integrationId)?.missed();
    this.forget(integrationId);
  }

  foundNothing(integrationId: string): void {
    this.callbacks.get(integrationId)?.nothing?.();
    this.forget(integrationId);
  }
}
