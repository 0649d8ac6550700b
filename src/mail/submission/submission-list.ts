import { z } from 'zod';
import { badInput } from '../../domain/error.ts';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedCursor } from '../../platform/secrets/sealed-json.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import type { SubmissionStore } from './submission.store.ts';
import type { SubmissionPosition, SubmissionRecord, SubmissionStatus } from './submission.ts';

interface SubmissionListRequest {
  /** Null: submissions with any status. */
  readonly statuses: readonly SubmissionStatus[] | null;
  readonly first: number;
  /** A cursor of this list. Null: the newest submissions. */
  readonly after: string | null;
}

interface SubmissionEntry {
  readonly account: MailAccount;
  readonly record: SubmissionRecord;
  /** Seals the cursor of the entry. */
  cursor(): string;
}

interface SubmissionPage {
  readonly entries: readonly SubmissionEntry[];
  readonly hasNextPage: boolean;
}

const Position = z.tuple([z.number(), z.uuid()]);

/** The submissions of a user in pages, the most recently created first. */
export class SubmissionList {
  private readonly cursors: SealedCursor<typeof Position>;

  constructor(
    private readonly store: Pick<SubmissionStore, 'list'>,
    sealer: Sealer,
  ) {
    this.cursors = new SealedCursor(sealer, 'submission-cursor', Position);
  }

  /** Throws BAD_USER_INPUT when `after` is not a cursor of this list. */
  async page(
    mail: Pick<ViewerMail, 'userId' | 'find'>,
    { statuses, first, after }: SubmissionListRequest,
  ): Promise<SubmissionPage> {
    const { userId } = mail;
    const position = after === null ? null : this.open(userId, after);
    const found = await this.store.list(userId, { statuses, after: position, limit: first + 1 });
    const entries = await Promise.all(
      found.slice(0, first).map(async (record) => {
        const account = await mail.find(record.integrationId);
        return account && { account, record, cursor: () => this.seal(userId, record) };
      }),
    );
    return { entries: entries.filter((entry) => entry !== null), hasNextPage: found.length > first };
  }

  private seal(userId: string, { createdAt, id }: SubmissionPosition): string {
    return this.cursors.seal(userId, [createdAt.getTime(), id]);
  }

  private open(userId: string, cursor: string): SubmissionPosition {
    const position = this.cursors.open(userId, cursor);
    if (!position)
      throw badInput('after is not a cursor of this list. Pass a cursor back unchanged, to the same field.');
    const [at, id] = position;
    return { createdAt: new Date(at), id };
  }
}
