import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import { AttemptLimiter } from '../accounts/users/attempt.limiter.ts';
import type { ReconcileJob } from '../changes/proof/reconcile.job.ts';
import { MailError, noSuchIntegration } from '../domain/error.ts';
import { singleId } from '../domain/global-id.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { userErrorOf } from '../graphql/errors/user-error.type.ts';
import { ReconcileInput, ReconcilePayload } from './reconcile.type.ts';

/** Each comparison costs a share of the account's quota, so an account is compared on request ten times, and then once a minute. */
const BURST = 10;
const EVERY_MS = 60_000;

@Resolver()
export class ReconcileResolver {
  private readonly limiter = new AttemptLimiter(BURST, EVERY_MS);

  constructor(
    private readonly directory: Pick<IntegrationDirectory, 'find'>,
    private readonly job: Pick<ReconcileJob, 'request'>,
  ) {}

  @Mutation(() => ReconcilePayload, {
    description:
      'Compares all messages and mailboxes of an account with what the events have reported. It runs in the background; `Integration.sync` has the result. What no event has reported is reported by new events. A comparison also runs every few hours without this. One that is requested while another runs begins after it.',
  })
  async reconcile(
    @Arg('input', () => ReconcileInput, { description: 'The account to compare.' }) input: ReconcileInput,
    @Ctx() context: Context,
  ): Promise<ReconcilePayload> {
    const { userId } = requirePrincipal(context);
    const id = singleId(input.integration, 'Integration');
    const field = ['input', 'integration'];
    try {
      const record = await this.directory.find(userId, id);
      if (!record || record.status === 'DISCONNECTED') throw noSuchIntegration({ field });
      if (record.status !== 'CONNECTED')
        throw new MailError('RECONNECT_REQUIRED', 'Connect this account again. Then it can be compared.', { field });
      this.limiter.take(id);
      await this.job.request(id);
      return new ReconcilePayload(new IntegrationType(record));
    } catch (error) {
      return new ReconcilePayload(null, [userErrorOf(error, ['RATE_LIMITED', 'RECONNECT_REQUIRED'])]);
    }
  }
}
