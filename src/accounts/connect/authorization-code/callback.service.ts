import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type ErrorCode, isMailError, MailError, publicCode, storeErrorIn } from '../../../domain/error.ts';
import { isSameSecret, sha256 } from '../../../platform/secrets/digest.ts';
import {
  type AuthorizationCode,
  type AuthorizationRefusal,
  isAuthorizationCode,
} from '../../../providers/contract/authorization-code.ts';
import { findProvider } from '../../../providers/contract/find-provider.ts';
import type { Provider } from '../../../providers/contract/provider.ts';
import type { UserStore } from '../../users/user.store.ts';
import type { ConnectFlowStore } from '../connect-flow.store.ts';
import { type ConnectFlowRecord, isInProgress } from '../connect-flow.ts';
import { readAuthorization } from './authorization.response.ts';
import {
  type Approval,
  approvalReply,
  type CallbackOutcome,
  type CallbackReply,
  outcomeReply,
} from './callback.reply.ts';
import type { Consent, FlowSeal } from './connect-flow.seal.ts';
import { newCode, newToken, readFinishToken } from './connect-token.ts';

interface CallbackOptions {
  readonly providers: readonly Provider[];
  readonly flows: ConnectFlowStore;
  readonly seal: FlowSeal;
  readonly users: UserStore;
  readonly log: Logger;
  readonly now?: () => Date;
}

interface Returned {
  readonly flow: ConnectFlowRecord;
  readonly provider: Provider;
  readonly method: AuthorizationCode;
}

/**
 * Handles the return of the browser from every provider. It connects nothing, because the browser may belong to anybody who
 * received the authorization URL. It seals the provider's code, and gives the token for FinishService to this browser.
 */
export class CallbackService {
  private readonly now: () => Date;

  constructor(private readonly options: CallbackOptions) {
    this.now = options.now ?? (() => new Date());
  }

  /** Never throws. The browser is shown every outcome, also an error. */
  async handle(query: URLSearchParams): Promise<CallbackReply> {
    const approval = this.approvalIn(query);
    // A response with a code and without an error may come from a user who is an administrator as well.
    if (approval && (!query.has('code') || query.has('error'))) return approvalReply(approval);
    let known: Returned | null = null;
    try {
      const response = readAuthorization(query);
      const returned = await this.find(response.state);
      requireIssuer(returned, response.iss);
      if ('error' in response) {
        const refusal = declined(returned, response);
        if (!(await this.isRefused(returned.flow, refusal))) throw overMessage();
        known = returned;
        throw refusal;
      }
      const consent = await this.keep(returned.flow, response.code);
      return outcomeReply(returned.flow.redirectUri, await this.pending(returned, consent));
    } catch (error) {
      if (approval && isMailError(error) && error.code === 'INVALID') return approvalReply(approval);
      return outcomeReply(known?.flow.redirectUri ?? null, this.failure(error));
    }
  }

  private approvalIn(query: URLSearchParams): Approval | null {
    for (const { configured, connectMethods } of this.options.providers) {
      const approval = configured && connectMethods.find(isAuthorizationCode)?.approvalIn?.(query);
      if (approval) return approval;
    }
    return null;
  }

  private async find(state: string): Promise<Returned> {
    const { flows, providers } = this.options;
    const flow = await flows.findByState(sha256(state));
    const provider = flow && findProvider(providers, flow.provider);
    const method = provider?.connectMethods.find(isAuthorizationCode);
    if (!flow || flow.expiresAt <= this.now() || !provider?.configured || !method || flow.method !== method.method) {
      throw overMessage();
    }
    return { flow, provider, method };
  }

  /**
   * Stores the consent. A page that is loaded again brings the same code and gets the same token. Another code is refused:
   * the user who began knows the state, and could otherwise put a stranger's code beside a token that they have already
   * seen, or request the token of a stranger's consent.
   */
  private async keep(flow: ConnectFlowRecord, code: string): Promise<Consent> {
    const { flows, seal } = this.options;
    const consent = { code, token: flow.redirectUri === null ? readFinishToken(newCode()).value : newToken() };
    if (await flows.consented(flow.id, seal.consent(flow, consent), this.now())) return consent;
    const present = await flows.find(flow.userId, flow.id);
    const first = present && isInProgress(present, this.now()) ? seal.openConsent(present) : null;
    if (!first || !isSameSecret(first.code, code)) throw overMessage();
    return first;
  }

  private async pending({ flow, provider }: Returned, { token }: Consent): Promise<CallbackOutcome> {
    const askedBy = await this.options.users.emailOf(flow.userId);
    if (askedBy === null) throw overMessage();
    return { status: 'pending', token, askedBy, provider: provider.name, access: flow.access };
  }

  /**
   * Ends the flow with the refusal. Returns true also when the flow has already ended with the same refusal, because a page
   * may be loaded again, or opened by a link scanner first. Returns false when the flow had another outcome.
   */
  private async isRefused(flow: ConnectFlowRecord, { code, message }: MailError): Promise<boolean> {
    const { flows } = this.options;
    if (await flows.failed(flow.id, 'CONSENT', { code: code as ErrorCode, message })) return true;
    const problem = (await flows.find(flow.userId, flow.id))?.problem;
    return problem?.code === code && problem.message === message;
  }

  private failure(given: unknown): CallbackOutcome {
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

const overMessage = (): MailError =>
  new MailError(
    'INVALID',
    'This link has expired or was used before. If the account is not connected, go back and connect it again.',
  );

/** RFC 9207 2.4: a response that names another issuer than the provider of the flow is a mix-up attack, and is refused. */
function requireIssuer({ provider, method }: Returned, iss: string | null): void {
  if (iss === null || method.isIssuer?.(iss)) return;
  throw new MailError(
    'INVALID',
    `This response does not come from ${provider.name}. Go back and connect the account again.`,
  );
}

/** Maps the provider's error to an error of the gateway. The description may contain anything, so none of it is shown. */
function declined({ flow, provider: { name }, method }: Returned, refusal: AuthorizationRefusal): MailError {
  const known = method.declined?.(refusal);
  if (known) return known;
  switch (refusal.error) {
    case 'access_denied':
    case 'consent_required':
      return new MailError(
        'CONSENT_REQUIRED',
        `${name} was not given consent to ${method.scopes(flow.access).join(' ')}. Connect again and allow the access.`,
      );
    case 'temporarily_unavailable':
    case 'server_error':
      return new MailError('PROVIDER_UNAVAILABLE', `${name} could not complete the sign-in. Try again later.`);
    case 'invalid_client':
    case 'invalid_request':
    case 'invalid_scope':
    case 'unauthorized_client':
    case 'unsupported_response_type':
      return new MailError(
        'FORBIDDEN',
        `${name} does not accept the request of this gateway. The operator of the gateway must check its registration there.`,
      );
    default:
      return new MailError('INVALID', `${name} did not complete the sign-in. Connect the account again.`);
  }
}
