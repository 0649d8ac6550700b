import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { isMailError, MailError, publicCode, storeErrorIn } from '../../domain/error.ts';
import { isDoneWithin } from '../../platform/abort.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';
import { requireConfigured } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { ConnectFlowStore } from './connect-flow.store.ts';
import { type ConnectFlowRecord, endsFlow } from './connect-flow.ts';
import type { OpenConnectMethod, PollOutcome } from './connect-method.ts';
import type { IntegrationWriter } from './integration-writer.ts';

interface ConnectFlowJobOptions {
  readonly methods: readonly OpenConnectMethod[];
  readonly providers: readonly Provider[];
  readonly flows: ConnectFlowStore;
  readonly integrationWriter: Pick<IntegrationWriter, 'saveIntegration'>;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Only a test has another interval. */
  readonly takeoverIntervalMs?: number;
}

/** How often the flows are looked for that no instance polls, because the one that did has stopped. */
const TAKEOVER_INTERVAL_MS = 10_000;
const POLL_TIMEOUT_MS = 10_000;
/** How long one instance has the flow for itself while it polls and stores the account. */
const CLAIM_MS = POLL_TIMEOUT_MS + 20_000;
/** The wait after a poll that failed doubles up to this (RFC 8628 3.5). */
const FIRST_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 60_000;
/** How long a stopping process waits for polls in progress: a grant that one of them redeems is lost if it is not stored. */
const STOP_TIMEOUT_MS = 4_000;

/**
 * Polls the provider for the flows whose method ends by polling, such as a device code (RFC 8628), until the user has
 * decided or the flow expires. A flow is claimed in the database before each poll, so that two instances never redeem the
 * same grant. When no listed method has `poll`, the job makes no query.
 */
export class ConnectFlowJob {
  private readonly polled: readonly OpenConnectMethod[];
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly failures = new Map<string, number>();
  /** The polls in progress, until their outcome is stored. */
  private readonly running = new Map<string, Promise<void>>();
  private isStopped = false;
  private readonly takeover: NodeJS.Timeout | null;
  private readonly now: () => Date;

  constructor(private readonly options: ConnectFlowJobOptions) {
    this.now = options.now ?? (() => new Date());
    this.polled = options.methods.filter(({ handler }) => handler.poll);
    const takeOver = () => void this.guarded(() => this.takeOver());
    this.takeover =
      this.polled.length === 0
        ? null
        : setInterval(takeOver, options.takeoverIntervalMs ?? TAKEOVER_INTERVAL_MS).unref();
  }

  /** Polls for the flow after this time. */
  schedule(flowId: string, afterMs: number): void {
    if (this.isStopped) return;
    clearTimeout(this.timers.get(flowId));
    const poll = () => {
      this.timers.delete(flowId);
      const running = this.guarded(() => this.pollOnce(flowId)).finally(() => {
        if (this.running.get(flowId) === running) this.running.delete(flowId);
      });
      this.running.set(flowId, running);
    };
    this.timers.set(flowId, setTimeout(poll, Math.max(0, afterMs)).unref());
  }

  /** Begins no further poll, and waits a while for those in progress. Another instance goes on with the flows. */
  async close(): Promise<void> {
    this.isStopped = true;
    if (this.takeover) clearInterval(this.takeover);
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    await isDoneWithin(Promise.all(this.running.values()), STOP_TIMEOUT_MS);
  }

  private async takeOver(): Promise<void> {
    const methods = this.polled.map(({ method }) => method);
    const ids = await this.options.flows.unclaimed(methods, this.now());
    // A flow whose grant this instance has redeemed and not stored yet must not be polled again.
    for (const id of ids) if (!this.timers.has(id) && !this.running.has(id)) this.schedule(id, 0);
  }

  private async pollOnce(flowId: string): Promise<void> {
    const { flows } = this.options;
    const owner = randomUUID();
    const now = this.now();
    const before = await flows.get(flowId);
    if (!before || !(await flows.claim(flowId, 'CONSENT', owner, new Date(now.getTime() + CLAIM_MS), now))) {
      this.failures.delete(flowId);
      return;
    }
    const flow = await flows.get(flowId);
    if (!flow) return;
    try {
      const outcome = await this.ask(flow);
      if ('exchanged' in outcome) await this.save(flow, outcome);
      else await this.reschedule(flow, owner, outcome.pollAfterMs, outcome.state);
      this.failures.delete(flowId);
    } catch (error) {
      await this.failed(flow, owner, error, before.isClaimed);
    }
  }

  private ask(flow: ConnectFlowRecord): Promise<PollOutcome> {
    const provider = requireConfigured(this.options.providers, flow.provider);
    const offered = provider.connectMethods.find(({ method }) => method === flow.method);
    const handler = this.polled.find(({ method }) => method === flow.method)?.handler;
    if (!offered || !handler?.poll)
      throw new MailError(
        'UNSUPPORTED',
        `${provider.name} no longer connects accounts in this way. Connect it in another way.`,
      );
    // A stopping process does not abort the poll: the provider may have redeemed the grant already.
    return handler.poll(flow, provider, offered, AbortSignal.timeout(POLL_TIMEOUT_MS));
  }

  /**
   * Stores the account, as soon as the store is back when it is away. The grant can be redeemed only once, so the account is
   * stored although the claim may have run out meanwhile.
   */
  private async save(
    flow: ConnectFlowRecord,
    { exchanged }: Extract<PollOutcome, { exchanged: unknown }>,
  ): Promise<void> {
    const { flows, integrationWriter } = this.options;
    const { id, userId, provider, method, access, expiresAt } = flow;
    const finishedWith = randomUUID();
    const work = () =>
      integrationWriter.saveIntegration({ userId, provider, method, access }, exchanged, async (record, tx) => {
        const end = { id, finishedWith, integration: record.id };
        if (!(await flows.connected(end, this.now(), tx))) throw endedMeanwhile();
      });
    const leftMs = Math.max(1, expiresAt.getTime() - this.now().getTime());
    await retryUntilStoreIsBack(work, AbortSignal.timeout(leftMs));
  }

  private async reschedule(
    { id }: ConnectFlowRecord,
    owner: string,
    waitMs: number,
    state: Uint8Array<ArrayBuffer> | null = null,
  ): Promise<void> {
    await this.options.flows.release(id, owner, state, new Date(this.now().getTime() + waitMs));
    this.schedule(id, waitMs);
  }

  /**
   * `tookOver`: the claim before this one ran out. Its owner may have redeemed the grant and wait for the store to be back, so
   * a refusal ends the flow only when the next poll meets it again.
   */
  private async failed(flow: ConnectFlowRecord, owner: string, error: unknown, tookOver: boolean): Promise<void> {
    const { flows, log } = this.options;
    const code = isMailError(error) ? publicCode(error.code) : null;
    log[code ? 'info' : 'error']({ code, err: error, flowId: flow.id }, 'a poll for a connect flow failed');
    if (isMailError(error) && code && (endsFlow(code) || code === 'NOT_FOUND')) {
      if (tookOver) return this.reschedule(flow, owner, CLAIM_MS);
      this.failures.delete(flow.id);
      await flows.failed(flow.id, 'CONSENT', { code, message: error.message }, null, owner);
      return;
    }
    const failures = this.failures.get(flow.id) ?? 0;
    this.failures.set(flow.id, failures + 1);
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
    await this.reschedule(flow, owner, Math.max(backoffMs, (isMailError(error) && error.retryAfterMs) || 0));
  }

  /** The takeover repeats what could not be done because the store was away. */
  private async guarded(work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) => {
      this.options.log[storeErrorIn(err) ? 'debug' : 'error']({ err }, 'the connect flows could not be polled');
    });
  }
}

const endedMeanwhile = (): MailError =>
  new MailError('NOT_FOUND', 'The connect flow ended before the account could be stored. Connect the account again.');
