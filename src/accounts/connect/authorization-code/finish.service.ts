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
import { type ConnectFlowRecord, endsFlow, unknownToken } from '../connect-flow.ts';
import type { ConnectTools } from '../connect-method.ts';
import type { Consent, FlowSeal } from './connect-flow.seal.ts';
import { type FinishToken, hashOf, readFinishToken } from './connect-token.ts';

const EXCHANGE_TIMEOUT_MS = 30_000;
/** Whose account it is can be asked again, by another call. */
const IDENTIFY_TIMEOUT_MS = 10_000;
/** A process that is gone holds up the next call for no longer than both can take. */
const CLAIM_MS = EXCHANGE_TIMEOUT_MS + IDENTIFY_TIMEOUT_MS + 10_000;
const MAX_BACKOFF_MS = 400;
/** How long a call waits for a store that is away to take what the provider gave. */
const KEEP_TIMEOUT_MS = 3_000;
// Only failures count: a good one gives its attempt back.
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
 * The end of a connect flow, bound to its beginning: the user who began shows what the browser was given that came back
 * from the provider's consent. Whose browser that was nobody can know; but it is theirs, or its owner has told them.
 */
export class FinishService {
  private readonly now: () => Date;
  /** By the id of their flow: what is being stored of what a provider gave, and how to wait for it. */
  private readonly keeping = new Map<string, () => Promise<IntegrationRecord>>();

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

  /** Counts nothing: nobody guesses 256 bits, and any link can make the page of who began pass on a wrong token. */
  private async byToken(userId: string, finishToken: FinishToken): Promise<ConnectFlowRecord | null> {
    const { flows } = this.options;
    const now = this.now();
    // In this order: a flow that ends between two reads the other way round would be in neither.
    const waiting = this.holder(await flows.awaitingToken(userId, now), finishToken);
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
    const tried = await flows.takeTry(userId, now);
    const ids = tried.map(({ id }) => id);
    // Ended since the caller looked, by the same code entered twice at once.
    const found = this.holder(tried, finishToken) ?? (await flows.endedWith(userId, hashOf(finishToken), now));
    if (found) await flows.giveTryBack(ids);
    else await flows.endExhausted(ids, TOO_MANY_WRONG);
    return found;
  }

  private holder(flows: readonly ConnectFlowRecord[], { value }: FinishToken): ConnectFlowRecord | null {
    return (
      flows.find((flow) => {
        const token = this.tokenOf(flow);
        return token !== null && isSameSecret(token, value);
      }) ?? null
    );
  }

  /** Null when the key that sealed it is gone. */
  private tokenOf(flow: ConnectFlowRecord): string | null {
    try {
      return this.options.seal.openConsent(flow)?.token ?? null;
    } catch (error) {
      if (error instanceof SealError) return null;
      throw error;
    }
  }

  /** Of calls that come at once, also on two instances, one asks the provider, and the others wait for what it says. */
  private async connect(flow: ConnectFlowRecord, finishToken: FinishToken): Promise<IntegrationRecord> {
    const { flows, integrations } = this.options;
    const owner = randomUUID();
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, MAX_BACKOFF_MS)) {
      const kept = this.keeping.get(flow.id)?.();
      if (kept) return kept;
      const now = this.now();
      if (await flows.claim(flow.id, 'FINISH', owner, new Date(now.getTime() + CLAIM_MS), now)) {
        return this.exchange(flow, finishToken, owner);
      }
      const present = await flows.find(flow.userId, flow.id);
      if (present?.status === 'FAILED' && present.problem) throw problemOf(present.problem);
      // Not from the directory, which on another instance is told a moment later.
      const connected = present?.integrationId && (await integrations.find(flow.userId, present.integrationId));
      if (connected) return connected;
      if (present?.status !== 'FINISH' || present.expiresAt <= this.now()) throw unknownToken();
      await sleep(pauseMs);
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
      const keep = () =>
        integrationWriter.saveIntegration(
          { userId, provider: provider.id, method: method.method, access },
          exchanged,
          async (record, tx) => {
            if (!(await flows.connected({ ...end, integration: record.id }, this.now(), tx))) throw unknownToken();
          },
        );
      return await this.keep(flow, keep);
    } catch (error) {
      const code = isMailError(error) ? publicCode(error.code) : null;
      log.info({ code, err: isMailError(error) ? error.cause : undefined }, 'a connect flow was not finished');
      if (this.keeping.has(flow.id)) throw error;
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
   * The provider's code is spent, and nothing but this process holds what it was exchangedCode for: where the store is away it is
   * stored as soon as that is back, while the flow lasts. Who asks again waits for it, on another instance behind the claim.
   */
  private keep(flow: ConnectFlowRecord, work: () => Promise<IntegrationRecord>): Promise<IntegrationRecord> {
    const leftMs = Math.max(1, flow.expiresAt.getTime() - this.now().getTime());
    const first = work();
    const kept = first.catch((error: unknown) => {
      if (!storeErrorIn(error)) throw error;
      return retryUntilStoreIsBack(work, AbortSignal.timeout(leftMs));
    });
    const waiting = () => first.catch((error: unknown) => timeLimited(kept, KEEP_TIMEOUT_MS, () => error));
    this.keeping.set(flow.id, waiting);
    const done = () => this.keeping.delete(flow.id);
    kept.then(done, done);
    return waiting();
  }
}

const problemOf = ({ code, message }: { code: ErrorCode; message: string }): MailError =>
  new MailError(code, message, { field: ['input', 'token'] });
