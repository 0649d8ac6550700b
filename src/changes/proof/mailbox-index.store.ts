import type { Transaction } from '../../platform/database/transaction.ts';

interface IndexedMailbox {
  /** A digest of its properties. Null: it does not exist, or it was never read. */
  readonly state: string | null;
  /** The last entry of the change log that is about it. */
  readonly sequence: bigint;
}

/** The mailboxes in the index, within the transaction of a comparison. */
export class MailboxIndexStore {
  /** Returns them by id, and where the log ended when they were last compared. */
  async read(
    tx: Transaction,
    integrationId: string,
  ): Promise<{ readonly rows: ReadonlyMap<string, IndexedMailbox>; readonly comparedSequence: bigint }> {
    const rows = await tx.indexedSubject.findMany({ where: { integrationId, kind: 'mailbox' } });
    const proof = await tx.proof.findUnique({ where: { integrationId }, select: { mailboxSequence: true } });
    return {
      rows: new Map(rows.map(({ subject, state, sequence }) => [subject, { state, sequence }])),
      comparedSequence: proof?.mailboxSequence ?? 0n,
    };
  }

  async write(
    tx: Transaction,
    integrationId: string,
    mailboxes: readonly { readonly id: string; readonly state: string | null }[],
  ): Promise<void> {
    if (mailboxes.length === 0) return;
    await tx.$executeRaw`
      INSERT INTO subject_index AS s (integration_id, kind, subject, state)
      SELECT ${integrationId}::uuid, 'mailbox', x.id, x.state
      FROM jsonb_to_recordset(${JSON.stringify(mailboxes)}::jsonb) AS x(id text, state text)
      ON CONFLICT (integration_id, kind, subject) DO UPDATE SET state = EXCLUDED.state`;
  }
}
