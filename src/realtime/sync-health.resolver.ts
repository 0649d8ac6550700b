import { FieldResolver, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { ChangePosition } from '../changes/change.store.ts';
import type { ProofReport, ProofStore } from '../changes/proof/proof.store.ts';
import type { SyncHealthService } from '../changes/sync-health.service.ts';
import type { ChangeCursors } from './event.cursor.ts';
import type { FeedStarts } from './feed.start.ts';
import { SyncHealth, type SyncProof } from './sync-health.type.ts';

@Resolver(() => IntegrationType)
export class SyncHealthResolver {
  constructor(
    private readonly health: SyncHealthService,
    private readonly proofs: Pick<ProofStore, 'report'>,
    private readonly starts: Pick<FeedStarts, 'shown'>,
    private readonly cursors: ChangeCursors,
  ) {}

  @FieldResolver(() => SyncHealth, {
    description:
      "How up to date the gateway is with the account. Reading this queries the gateway's database, not the provider.",
  })
  async sync(@Root() { record }: IntegrationType): Promise<SyncHealth> {
    const [{ live, position, confirmedAgoMs, watchExpiresAt }, report] = await Promise.all([
      this.health.of(record),
      this.proofs.report(record.id),
    ]);
    const { lastEventAt, lastReconciledAt } = position;
    const { starts, cursors } = this;
    return {
      live,
      // Read only where it is asked for. A message that arrives during the first sync may be recorded as one that was there before.
      get cursor() {
        if (lastReconciledAt === null) return null;
        const shown = starts.shown([record.id]);
        return shown.then((positions) => cursors.seal(record.userId, { all: false, positions }));
      },
      lastEventAt,
      lastReconciledAt,
      lagSeconds: confirmedAgoMs === null ? null : Math.max(0, Math.round(confirmedAgoMs / 1_000)),
      watchExpiresAt,
      proof: proofOf(report, position),
      provedAt: report.endedAt,
      checked: report.checked,
      missing: report.missing,
      repaired: report.repaired,
    };
  }
}

function proofOf(
  { isIndexed, isBuilt }: ProofReport,
  { historyLostAt }: Pick<ChangePosition, 'historyLostAt'>,
): SyncProof {
  if (!isIndexed) return 'NONE';
  if (!isBuilt) return 'BUILDING';
  return historyLostAt ? 'RECOVERING' : 'WHOLE_ACCOUNT';
}
