import type { MailboxAddress } from '../../accounts/integrations/reachability.ts';
import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { ChangeStore, LoggedChange, NewChange } from '../change.store.ts';
import { originalOf } from '../log-position.ts';

/** A message or mailbox that could not be read for an event. */
export interface UnreadMessage {
  readonly integrationId: string;
  /** The provider's id of the message or mailbox. */
  readonly messageId: string;
  /** The kind of the event's entry. */
  readonly kind: Extract<LoggedChange['kind'], 'created' | 'updated' | 'mailbox'>;
  /** The sequence of that entry, or of the one that it repeats. Null: an earlier release did not store it. */
  readonly sequence: bigint | null;
}

/** An event that was sent without what it shows, or with what may be older than its entry. */
interface UnreadEvent extends UnreadMessage {
  /** The entry itself, which may repeat another one. */
  readonly entry: Pick<LoggedChange, 'sequence' | 'detail'>;
}

/** Returns null for an entry whose event shows no message and no mailbox. */
export function unreadEventOf(entry: LoggedChange): UnreadEvent | null {
  const { integrationId, subject: messageId, kind } = entry;
  if (kind !== 'created' && kind !== 'updated' && kind !== 'mailbox') return null;
  return { integrationId, messageId, kind, sequence: originalOf(entry), entry };
}

/** What is due. A reset stands for all messages of the account that were not stored. */
interface DueMessage extends Omit<UnreadMessage, 'kind'> {
  readonly kind: UnreadMessage['kind'] | 'reset';
}

/** What this instance reads now. */
export interface ClaimedMessage extends DueMessage {
  /** How long ago it was stored. */
  readonly ageMs: number;
  /** When it is due again, by which `settle` recognises what nobody has claimed or postponed since. */
  readonly dueAt: Date;
}

/** An account that refuses everything must not fill the table. */
const MAX_PER_ACCOUNT = 1_000;
/** The reason of a reset for events that are not sent again: there were more than MAX_PER_ACCOUNT, or they have waited too long. */
const MESSAGES_UNREADABLE = 'MESSAGES_UNREADABLE';
const FIRST_BACKOFF_SECONDS = 2;
const MAX_BACKOFF_SECONDS = 3_600;

/** The messages whose events were sent without them. */
export class UnreadMessageStore {
  constructor(
    private readonly db: Database,
    private readonly changes: Pick<ChangeStore, 'append'>,
  ) {}

  /**
   * A message that is stored already stays as it is, except that its arrival takes the place of an update: subscribers to new
   * messages receive only arrivals. Beyond MAX_PER_ACCOUNT one reset is stored instead, so that nothing is left out silently.
   * `afterMs` is how long it must not be read, because its provider may still answer without its change. An event is not stored where
   * a later one shows the same (`isSuperseded`): what is read then has that change too, and does not lag because of it. Returns
   * false when no event will show the message.
   */
  async add({ entry, ...event }: UnreadEvent, afterMs = 0): Promise<boolean> {
    const { integrationId, messageId, kind, sequence } = event;
    if (await this.isSuperseded(event, entry)) return true;
    const dueInSeconds = Math.max(FIRST_BACKOFF_SECONDS, Math.ceil(afterMs / 1_000));
    if (afterMs > 0)
      await this.db.prisma.$executeRaw`
        UPDATE unread_messages SET tries = 0, due_at = CASE
          WHEN tries > 0 THEN now() + make_interval(secs => ${dueInSeconds}::int)
          ELSE greatest(due_at, now() + make_interval(secs => ${dueInSeconds}::int)) END
        WHERE integration_id = ${integrationId}::uuid AND message_id = ${messageId}`;
    await this.db.prisma.$executeRaw`
      INSERT INTO unread_messages (integration_id, message_id, kind, sequence, due_at)
      SELECT ${integrationId}::uuid, CASE WHEN stored.is_full THEN '' ELSE ${messageId} END,
        CASE WHEN stored.is_full THEN 'reset' ELSE ${kind} END,
        CASE WHEN stored.is_full THEN NULL ELSE ${sequence}::bigint END, now() + make_interval(secs => ${dueInSeconds}::int)
      FROM (SELECT count(*) >= ${MAX_PER_ACCOUNT}::int AND count(*) FILTER (WHERE message_id = ${messageId}) = 0 AS is_full
        FROM unread_messages WHERE integration_id = ${integrationId}::uuid) AS stored
      ON CONFLICT (integration_id, message_id) DO UPDATE SET kind = EXCLUDED.kind, sequence = EXCLUDED.sequence
        WHERE unread_messages.kind = 'updated' AND EXCLUDED.kind = 'created'`;
    return (await this.db.prisma.unreadMessage.count({ where: { integrationId, messageId } })) > 0;
  }

  /**
   * Whether who receives the event of the entry also receives a later one, which is compared with what is read for it in its turn: a
   * deletion, or an update of at least the same properties. Subscribers to new messages receive only arrivals, so that no update
   * takes the place of one.
   */
  private async isSuperseded(
    { integrationId, messageId, kind }: UnreadMessage,
    { sequence, detail }: UnreadEvent['entry'],
  ): Promise<boolean> {
    const properties = Object.keys(detail ?? {});
    const later = await this.db.prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM changes
      WHERE integration_id = ${integrationId}::uuid AND sequence > ${sequence}::bigint AND subject = ${messageId} AND (
        (kind = 'deleted' AND ${kind} <> 'mailbox') OR (kind = ${kind} AND kind <> 'created'
          AND (${properties.length}::int = 0 OR jsonb_exists_all(detail, ${properties}::text[]))))
      LIMIT 1`;
    return later.length > 0;
  }

  /** Returns messages that are due, of connected accounts, and sets when they are due again: no other instance reads them meanwhile. */
  async claim(limit: number): Promise<ClaimedMessage[]> {
    return this.db.prisma.$queryRaw<ClaimedMessage[]>`
      UPDATE unread_messages SET tries = tries + 1, due_at = now() + make_interval(
        secs => least(${FIRST_BACKOFF_SECONDS}::int * 2 ^ least(tries, 12), ${MAX_BACKOFF_SECONDS}::int))
      WHERE (integration_id, message_id) IN (
        SELECT u.integration_id, u.message_id FROM unread_messages u
        JOIN integrations i ON i.id = u.integration_id AND i.status = 'CONNECTED'
        WHERE u.due_at <= now() ORDER BY u.due_at LIMIT ${limit}::int FOR UPDATE OF u SKIP LOCKED)
      RETURNING integration_id::text AS "integrationId", message_id AS "messageId", kind, sequence, due_at AS "dueAt",
        (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"`;
  }

  /** Makes the messages of an account due that were in vain asked for, because its provider answers again. */
  async hurry({ provider, address }: MailboxAddress): Promise<void> {
    await this.db.prisma.unreadMessage.updateMany({
      where: { tries: { gt: 0 }, integration: { provider, addressKey: address } },
      data: { dueAt: new Date(), tries: 0 },
    });
  }

  /**
   * Deletes messages of one account that were read or no longer exist, and logs the events of those that were read again. `since`
   * is the earliest of their entries: one that the log has reported as deleted after it gets no event, because no deletion would
   * follow, and a replica of the provider may still have it. One that was postponed or claimed again while it was read stays as it
   * is, because what was read may be older than that, and is logged when it is read next. Returns the entries.
   */
  settle(
    integrationId: string,
    read: readonly ClaimedMessage[],
    deleted: readonly ClaimedMessage[],
    since: bigint,
  ): Promise<readonly NewChange[]> {
    const claimed = [...read, ...deleted];
    const messageIds = claimed.map(({ messageId }) => messageId);
    const dueAts = claimed.map(({ dueAt }) => dueAt.toISOString());
    return this.changes.append(integrationId, async (tx) => {
      const later = await tx.change.findMany({
        where: { integrationId, sequence: { gt: since }, subject: { in: messageIds } },
        orderBy: { sequence: 'asc' },
        select: { kind: true, subject: true },
      });
      const lastKinds = new Map(later.map(({ kind, subject }) => [subject, kind]));
      const settled = await tx.$queryRaw<Pick<DueMessage, 'messageId' | 'kind' | 'sequence'>[]>`
        DELETE FROM unread_messages AS u
        USING unnest(${messageIds}::text[], ${dueAts}::text[]) AS claimed(message_id, due_at)
        WHERE u.integration_id = ${integrationId}::uuid AND u.message_id = claimed.message_id
          AND u.due_at = claimed.due_at::timestamptz
        RETURNING u.message_id AS "messageId", u.kind, u.sequence`;
      // An update that was read may have become the arrival of the message meanwhile.
      const stored = new Map(settled.map((one) => [one.messageId, one]));
      // The account answers again, so that who receives the reset can read it.
      const isAnswering = read.length > 0 || (await this.isNothingLeft(tx, integrationId));
      const overflow = isAnswering
        ? await tx.unreadMessage.deleteMany({ where: { integrationId, kind: 'reset' } })
        : null;
      return [
        ...read
          .filter(({ messageId }) => lastKinds.get(messageId) !== 'deleted')
          .flatMap(({ messageId }) => stored.get(messageId) ?? [])
          .map(({ messageId, kind, sequence }) => ({
            kind,
            subject: messageId,
            // The embedded database returns a small bigint as a number.
            ...(sequence !== null && { repeats: BigInt(sequence) }),
          })),
        ...(overflow?.count ? [{ kind: 'reset', subject: MESSAGES_UNREADABLE } as const] : []),
      ];
    });
  }

  private async isNothingLeft(tx: Transaction, integrationId: string): Promise<boolean> {
    return (await tx.unreadMessage.count({ where: { integrationId, kind: { not: 'reset' } } })) === 0;
  }

  /**
   * Gives up the messages that could not be read since `before`, and returns their number. One reset of their account takes their
   * place, and is kept until the account answers.
   */
  prune(before: Date): Promise<number> {
    return deleteInBatches(async (limit) => {
      const [given = { count: 0 }] = await this.db.prisma.$queryRaw<{ count: number }[]>`
        WITH given AS (
          DELETE FROM unread_messages WHERE (integration_id, message_id) IN (
            SELECT integration_id, message_id FROM unread_messages WHERE created_at < ${before} AND kind <> 'reset'
            LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
          RETURNING integration_id
        ), resets AS (
          INSERT INTO unread_messages (integration_id, message_id, kind, due_at)
          SELECT DISTINCT integration_id, '', 'reset', now() FROM given ON CONFLICT DO NOTHING
        )
        SELECT count(*)::int AS count FROM given`;
      return given;
    });
  }
}
