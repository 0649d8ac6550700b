import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { isMailError, MailError, storeErrorIn } from '../domain/error.ts';
import { encodeId } from '../graphql/global-id.ts';
import { publicCode } from '../graphql/problem.type.ts';
import { type CallbackReply, type Outcome, pageReply, redirectReply } from './callback.reply.ts';
import type { BegunFlow, ConnectService } from './connect.service.ts';
import type { Enrolment } from './enrolment.ts';
import type { IntegrationRecord } from './integration.ts';

const EXCHANGE_TIMEOUT_MS = 30_000;

export interface CallbackOptions {
  readonly connect: ConnectService;
  readonly enrolment: Enrolment;
  readonly callbackUrl: () => string;
  readonly log: Logger;
}

/** The one place where every provider sends the browser back to. */
export class CallbackService {
  constructor(private readonly options: CallbackOptions) {}

  /** Never throws: whatever happens is an outcome that the browser is shown. */
  async handle(query: URLSearchParams): Promise<CallbackReply> {
    let flow: BegunFlow | null = null;
    try {
      flow = await this.options.connect.resume(query.get('state') ?? '');
      if (!flow) {
        throw new MailError(
          'INVALID',
          'This link has expired or was used before. Go back and connect the account again.',
        );
      }
      const record = await this.finish(flow, query);
      const { name } = flow.provider;
      return reply(flow, {
        status: 'connected',
        integration: encodeId('Integration', record.id),
        address: record.address,
        provider: name,
      });
    } catch (error) {
      return reply(flow, this.failure(error));
    }
  }

  private async finish(flow: BegunFlow, query: URLSearchParams): Promise<IntegrationRecord> {
    const { enrolment, callbackUrl } = this.options;
    const code = query.get('code');
    if (!code) throw declined(flow, query.get('error') ?? '');
    const { userId, access, provider, connect, codeVerifier } = flow;
    const exchanged = await connect.exchange(
      { code, codeVerifier, redirectUri: callbackUrl(), access },
      AbortSignal.timeout(EXCHANGE_TIMEOUT_MS),
    );
    return enrolment.keep({ userId, provider: provider.id, access }, exchanged);
  }

  private failure(given: unknown): Outcome {
    const error = storeErrorIn(given) ?? given;
    if (isMailError(error)) {
      this.options.log.info({ code: error.code, err: error.cause }, 'a connect flow failed');
      return { status: 'failed', code: publicCode(error.code), message: error.message };
    }
    const reference = randomUUID();
    this.options.log.error({ err: error, reference }, 'a connect flow failed unexpectedly');
    return { status: 'failed', code: 'INTERNAL', message: `Something went wrong (${reference}).` };
  }
}

function reply(flow: BegunFlow | null, outcome: Outcome): CallbackReply {
  return flow?.redirectUri ? redirectReply(flow.redirectUri, outcome) : pageReply(outcome);
}

/** The provider's own words may hold anything: only its error code is read. */
function declined(flow: BegunFlow, error: string): MailError {
  const provider = flow.provider.name;
  switch (error) {
    case 'access_denied':
    case 'consent_required':
    case 'interaction_required':
      return new MailError(
        'CONSENT_REQUIRED',
        `${provider} was not given consent to ${flow.connect.scopes(flow.access).join(' ')}. Connect again and allow the access.`,
      );
    case 'temporarily_unavailable':
    case 'server_error':
      return new MailError('PROVIDER_UNAVAILABLE', `${provider} could not complete the sign-in. Try again later.`);
    default:
      return new MailError('INVALID', `${provider} did not complete the sign-in. Connect the account again.`);
  }
}
