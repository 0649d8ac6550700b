import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, isMailError, MailError, publicCode, storeErrorIn } from '../../../domain/error.ts';
import { timeLimited } from '../../../platform/abort.ts';
import { retryUntilStoreIsBack } from '../../../platform/database/store/store.retry.ts';
import { isSameSecret } from '../../../platform/secrets/digest.ts';
import { SealError } from '../../../platform/secrets/seal.ts';
import { isAuthorizationCode } from '../../../providers/contract/authorization-code.ts';
import { findProvider } from '../../../providers/contract/find-provider.ts';
import { checkAnswered } from '../../integrations/credential.ts';
import type { IntegrationRecord } from '../../integrations/integration.ts';
import { tooManyAttempts } from '../../users/attempt.limiter.ts';
import type { AttemptRule } from '../../users/attempt.store.ts';
import { type ConnectFlowRecord, DEFAULT_FLOW_METHOD, endsFlow, unknownToken } from '../connect-flow.ts';
import type { ConnectTools } from '../connect-method.ts';
import type { Consent, FlowSeal } from './connect-flow.seal.ts';
import { type FinishToken, hashOf, readFinishToken } from './connect-token.ts';

const EXCHANGE_TIMEOUT_MS = 30_000;
/** Another call can repeat the identification, so it may take less time than the exchange. */
const IDENTIFY_TIMEOUT_MS = 10_000;
/** Longer than the exchange and the identification together. A process that has stopped delays the next call by this at most. */
const CLAIM_MS = EXCHANGE_TIMEOUT_MS + IDENTIFY_TIMEOUT_MS + 10_000;
const MAX_BACKOFF_MS = 400;
/** How long a call waits for an unavailable store to accept the account. */
const SAVE_TIMEOUT_MS = 3_000;
// Only failures count: a success takes its attempt back.
const PER_USER: AttemptRule = { name: 'finish connect', burst: 20, everyMs: 30_000 };
const TOO_MANY_WRONG = {
  code: 'INVALID',
  message: 'Too many wrong codes were entered. Connect the account again.',
} as const;

interface FinishOptions
  extends Pick<
    ConnectTools,
    | 'providers'
    | 'flows'
    | 'attempts'
    | 'integrationWriter'
    | 'integrations'
    | 'limiters'
    | 'callbackUrl'
    | 'log'
    | 'now'
  > {
  readonly seal: FlowSeal;
}

/**
 * Finishes a flow for the user who began it. The user presents the token or code that the browser received after the
 * consent. The gateway cannot know whose browser it was, but either it was the user's own, or its owner has passed the token
 * on to the user.
 */
export class FinishService {
  private readonly now: () => Date;
  /** The accounts that are being stored, by the id of the flow: each function waits for its account. */
  private readonly saving = new Map<string, () => Promise<IntegrationRecord>>();

  constructor(private readonly options: FinishOptions) {
    this.now = options.now ?? (() => new Date());
  }

  /** Returns null for a token that does not exist, belongs to another user, or has expired. Throws MailError. */
  async finish(userId: string, given: string): Promise<IntegrationRecord | null> {
    const finishToken = readFinishToken(given);
    const flow = await (finishToken.kind === 'token'
      ? this.byToken(userId, finishToken)
      : this.byCode(userId, finishToken));
    return flow && this.connect(flow, finishToken);
  }

  /**
   * Counts no attempt. Nobody guesses 256 bits, and a stranger's link can make the user's page pass on a wrong token.
   */
  private async byToken(userId: string, finishToken: FinishToken): Promise<ConnectFlowRecord | null> {
    const { flows } = this.options;
    const now = this.now();
    // In the other order, a flow that ends between the two reads would be found by neither.
    const waiting = this.matching(await flows.awaitingToken(userId, DEFAULT_FLOW_METHOD, now), finishToken);
    return waiting ?? flows.endedWith(userId, hashOf(finishToken), now);
  }

  private async byCode(userId: string, finishToken: FinishToken): Promise<ConnectFlowRecord | null> {
    const { attempts, flows } = this.options;
    const waitMs = await attempts.take(PER_USER, userId);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const now = this.now();
    const found =
      (await flows.endedWith(userId, hashOf(finishToken), now)) ?? (await this.tryCode(userId, finishToken));
    if (found) await attempts.giveBack(PER_USER, userId);
    return found;
  }

  private async tryCode(userId: string, finishToken: FinishToken): Promise<ConnectFlowRecord | null> {
    const { flows } = this.options;
    const now = this.now();
    const tried = await flows.takeTry(userId, DEFAULT_FLOW_METHOD, now);
    const ids = tried.map(({ id }) => id);
    // The same code may have been entered twice at once, so that the flow has ended since the caller's read.
    const found = this.matching(tried, finishToken) ?? (await flows.endedWith(userId, hashOf(finishToken), now));
    if (found) await flows.giveTryBack(ids);
    else await flows.endExhausted(ids, TOO_MANY_WRONG);
    return found;
  }

  private matching(flows: readonly ConnectFlowRecord[], { value }: FinishToken): ConnectFlowRecord | null {
    return (
      flows.find((flow) => {
        const token = this.tokenOf(flow);
        return token !== null && isSameSecret(token, value);
      }) ?? null
    );
  }

  /** Returns null when the key that sealed the consent was removed. */
  private tokenOf(flow: ConnectFlowRecord): string | null {
    try {
      return this.options.seal.openConsent(flow)?.token ?? null;
    } catch (error) {
      if (error instanceof SealError) return null;
      throw error;
    }
  }

  /** Of simultaneous calls, also on two instances, one calls the provider, and the others wait for its result. */
  private async connect(flow: ConnectFlowRecord, finishToken: FinishToken): Promise<IntegrationRecord> {
    const { flows, integrations } = this.options;
    const owner = randomUUID();
    for (let backoffMs = 25; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const saved = this.saving.get(flow.id)?.();
      if (saved) return saved;
      const now = this.now();
      if (await flows.claim(flow.id, 'FINISH', owner, new Date(now.getTime() + CLAIM_MS), now)) {
        return this.exchange(flow, finishToken, owner);
      }
      const present = await flows.find(flow.userId, flow.id);
      if (present?.status === 'FAILED' && present.problem) throw problemOf(present.problem);
      // The directory of another instance is notified a moment later, so the store is read.
      const connected = present?.integrationId && (await integrations.find(flow.userId, present.integrationId));
      if (connected) return connected;
      if (present?.status !== 'FINISH' || present.expiresAt <= this.now()) throw unknownToken();
      await sleep(backoffMs);
    }
  }

  private async exchange(flow: ConnectFlowRecord, finishToken: FinishToken, owner: string): Promise<IntegrationRecord> {
    const { flows, seal, integrationWriter, callbackUrl, log } = this.options;
    let spent: Consent | null = null;
    try {
      const provider = findProvider(this.options.providers, flow.provider);
      const [consent, codeVerifier] = [seal.openConsent(flow), seal.openVerifier(flow)];
      const method = provider?.connectMethods.find(isAuthorizationCode);
      if (!provider?.configured || !method || !consent || !codeVerifier) throw unknownToken();
      const within = (ms: number) =>
        AbortSignal.timeout(Math.max(1, Math.min(ms, flow.expiresAt.getTime() - this.now().getTime())));
      const { userId, access } = flow;
      const code = { code: consent.code, codeVerifier, redirectUri: callbackUrl(), access };
      const exchangedCode = consent.exchangedCode ?? (await method.exchange(code, within(EXCHANGE_TIMEOUT_MS)));
      checkAnswered(exchangedCode);
      spent = { ...consent, exchangedCode };
      const identifying = within(IDENTIFY_TIMEOUT_MS);
      const exchanged = { ...exchangedCode, address: await method.identify(exchangedCode, identifying) };
      await method.checkMailbox?.(exchangedCode, this.options.limiters.of(provider, exchanged.address), identifying);
      const end = { id: flow.id, claimOwner: owner, finishedWith: hashOf(finishToken) };
      const save = () =>
        integrationWriter.saveIntegration(
          { userId, provider: provider.id, method: method.method, access },
          exchanged,
          async (record, tx) => {
            if (!(await flows.connected({ ...end, integration: record.id }, this.now(), tx))) throw unknownToken();
          },
        );
      return await this.save(flow, save);
    } catch (error) {
      const code = isMailError(error) ? publicCode(error.code) : null;
      log.info({ code, err: isMailError(error) ? error.cause : undefined }, 'a connect flow was not finished');
      if (this.saving.has(flow.id)) throw error;
      if (!isMailError(error) || !code || !endsFlow(code)) {
        const consent = spent && seal.consent(flow, spent);
        await flows
          .release(flow.id, owner, consent)
          .catch((err: unknown) => log.warn({ err }, 'a claim could not be released and will expire'));
        throw error;
      }
      const problem = { code, message: error.message };
      await flows.failed(flow.id, 'FINISH', problem, hashOf(finishToken));
      throw problemOf(problem);
    }
  }

  /**
   * The code is used up, and only this process holds what the provider returned for it. When the store is unavailable, the
   * account is stored as soon as the store is back, within the lifetime of the flow. Another call waits for that, and on
   * another instance it waits for the claim.
   */
  private save(flow: ConnectFlowRecord, work: () => Promise<IntegrationRecord>): Promise<IntegrationRecord> {
    const leftMs = Math.max(1, flow.expiresAt.getTime() - this.now().getTime());
    const first = work();
    const saved = first.catch((error: unknown) => {
      if (!storeErrorIn(error)) throw error;
      return retryUntilStoreIsBack(work, AbortSignal.timeout(leftMs));
    });
    const waiting = () => first.catch((error: unknown) => timeLimited(saved, SAVE_TIMEOUT_MS, () => error));
    this.saving.set(flow.id, waiting);
    const done = () => this.saving.delete(flow.id);
    saved.then(done, done);
    return waiting();
  }
}

const problemOf = ({ code, message }: { code: ErrorCode; message: string }): MailError =>
  new MailError(code, message, { field: ['input', 'token'] });
