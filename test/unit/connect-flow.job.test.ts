import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectFlowJob } from '../../src/accounts/connect/connect-flow.job.ts';
import type { OpenConnectMethod, PollOutcome } from '../../src/accounts/connect/connect-method.ts';
import { IntegrationWriter } from '../../src/accounts/connect/integration-writer.ts';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { type Accounts, openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';
import { exchanged, fakeProvider } from '../support/fakes/provider.ts';

const METHOD = 'POLLED';
const provider = fakeProvider();
const offered = { method: METHOD, revokeAdvice: '', refresh: async () => exchanged('a') };
const offering: Provider = { ...provider, connectMethods: [offered] };

describe.each(TEST_DATABASES)('a flow that ends by polling, on %s', (kind) => {
  let db: Database;
  let accounts: Accounts;
  let now: Date;
  let answer: () => Promise<PollOutcome>;
  const polled = vi.fn((_flow: { readonly id: string }) => answer());
  const pollsOf = ({ id }: { id: string }) => polled.mock.calls.filter(([flow]) => flow.id === id).length;
  const jobs: ConnectFlowJob[] = [];
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    accounts = await openAccounts(db, { providers: [provider] });
  });
  afterAll(() => db.close());
  beforeEach(() => {
    now = new Date();
    polled.mockClear();
  });
  afterEach(() => {
    for (const job of jobs.splice(0)) void job.close();
  });

  /** Returns the job of another instance. */
  function instance(takeoverIntervalMs = 60_000, offeredBy: Provider = offering): ConnectFlowJob {
    const { vault, integrations, directory, flows } = accounts;
    const integrationWriter = new IntegrationWriter({ vault, integrations, directory, hooks: [], log: silent });
    const connect = () => Promise.reject(new Error('it is begun by the test'));
    const handler = { connect, poll: polled };
    const methods: OpenConnectMethod[] = [
      { method: METHOD, description: '', absence: '', takes: [], open: () => handler, handler },
    ];
    const common = { methods, providers: [offeredBy], flows, integrationWriter, log: silent };
    const job = new ConnectFlowJob({ ...common, now: () => now, takeoverIntervalMs });
    jobs.push(job);
    return job;
  }
  async function begun(): Promise<{ id: string; userId: string }> {
    const key = { id: randomUUID(), userId: await accounts.user() };
    const rest = { provider: 'GMAIL', method: METHOD, access: 'READ', address: null, redirectUri: null } as const;
    const expiresAt = new Date(now.getTime() + 600_000);
    await accounts.flows.create({ ...key, ...rest, createdAt: now, expiresAt });
    return key;
  }
  const statusOf = async ({ id, userId }: { id: string; userId: string }) =>
    (await accounts.flows.find(userId, id))?.status;

  it('is redeemed by one of two instances that poll at once', async () => {
    let decide = (_outcome: PollOutcome) => {};
    answer = () =>
      new Promise((resolve) => {
        decide = resolve;
      });
    const flow = await begun();
    const [one, two] = [instance(), instance()];
    const claim = vi.spyOn(accounts.flows, 'claim');
    one.schedule(flow.id, 0);
    two.schedule(flow.id, 0);
    await expect.poll(() => claim.mock.settledResults.filter(({ type }) => type === 'fulfilled').length).toBe(2);
    await expect.poll(() => polled.mock.calls.length).toBe(1);
    claim.mockRestore();
    decide({ exchanged: exchanged('ada@mail.example') });
    await expect.poll(() => statusOf(flow)).toBe('CONNECTED');
    expect(polled).toHaveBeenCalledTimes(1);
    const row = await db.prisma.connectFlow.findUniqueOrThrow({ where: { id: flow.id } });
    expect(row).toMatchObject({ consent: null, claimOwner: null, claimUntil: null });
  });

  it('is taken over from an instance that stopped while polling, once the claim has expired', async () => {
    answer = () => new Promise(() => {});
    const flow = await begun();
    const first = instance();
    first.schedule(flow.id, 0);
    await expect.poll(() => polled.mock.calls.length).toBe(1);
    void first.close();
    answer = async () => ({ exchanged: exchanged('bob@mail.example') });
    const unclaimed = vi.spyOn(accounts.flows, 'unclaimed');
    instance(20);
    await expect.poll(() => unclaimed.mock.calls.length).toBeGreaterThan(2);
    unclaimed.mockRestore();
    expect(polled).toHaveBeenCalledTimes(1);
    now = new Date(now.getTime() + 60_000);
    await expect.poll(() => statusOf(flow)).toBe('CONNECTED');
  });

  it('is not polled before its time, nor after its end', async () => {
    answer = async () => ({ pollAfterMs: 30_000 });
    const flow = await begun();
    const job = instance(20);
    await expect.poll(() => polled.mock.calls.length).toBe(1);
    const claimUntil = () =>
      db.prisma.connectFlow.findUniqueOrThrow({ where: { id: flow.id } }).then((row) => row.claimUntil);
    await expect.poll(claimUntil).toEqual(new Date(now.getTime() + 30_000));
    now = new Date(now.getTime() + 600_001);
    const claim = vi.spyOn(accounts.flows, 'claim');
    job.schedule(flow.id, 0);
    await expect.poll(() => claim.mock.settledResults[0]?.value).toBe(false);
    claim.mockRestore();
    expect(polled).toHaveBeenCalledTimes(1);
  });

  it('fails with the reason when the provider refuses, and stores nothing of a flow that has ended meanwhile', async () => {
    answer = async () => {
      throw new MailError('CONSENT_REQUIRED', 'It was declined.');
    };
    const refused = await begun();
    instance().schedule(refused.id, 0);
    await expect.poll(() => statusOf(refused)).toBe('FAILED');

    const lost = await begun();
    answer = async () => {
      await accounts.flows.failed(lost.id, 'CONSENT', { code: 'INVALID', message: 'It has ended.' });
      return { exchanged: exchanged('eve@mail.example') };
    };
    const failed = vi.spyOn(accounts.flows, 'failed');
    instance().schedule(lost.id, 0);
    await expect.poll(() => failed.mock.settledResults[1]?.value).toBe(false);
    failed.mockRestore();
    expect(await statusOf(lost)).toBe('FAILED');
    expect(await accounts.directory.all(lost.userId)).toEqual([]);
  });

  it('connects the account although the store was away for longer than the claim, and another instance was refused', async () => {
    let storeIsBack = () => {};
    const away = new Promise<void>((resolve) => {
      storeIsBack = resolve;
    });
    const flow = await begun();
    answer = async () => ({ exchanged: exchanged('ada@mail.example') });
    const { flows } = accounts;
    const waiting = vi.spyOn(IntegrationWriter.prototype, 'saveIntegration').mockImplementationOnce(async function (
      this: IntegrationWriter,
      ...saved
    ) {
      await away;
      waiting.mockRestore();
      return this.saveIntegration(...saved);
    });
    const unclaimed = vi.spyOn(flows, 'unclaimed');
    instance(20);
    await expect.poll(() => waiting.mock.calls.length).toBe(1);
    now = new Date(now.getTime() + 60_000);
    const before = unclaimed.mock.settledResults.length;
    await expect.poll(() => unclaimed.mock.settledResults.length).toBeGreaterThan(before + 2);
    expect(pollsOf(flow)).toBe(1);

    answer = async () => {
      throw new MailError('INVALID', 'The code has expired.');
    };
    const release = vi.spyOn(flows, 'release');
    instance(20);
    await expect.poll(() => release.mock.calls.some(([id]) => id === flow.id)).toBe(true);
    expect(await statusOf(flow)).toBe('CONSENT');
    storeIsBack();
    await expect.poll(() => statusOf(flow)).toBe('CONNECTED');
    for (const spy of [unclaimed, release]) spy.mockRestore();
  });

  it('waits at a stop for the poll in progress, whose grant would be lost', async () => {
    let decide = (_outcome: PollOutcome) => {};
    answer = () =>
      new Promise((resolve) => {
        decide = resolve;
      });
    const flow = await begun();
    const job = instance();
    job.schedule(flow.id, 0);
    await expect.poll(() => polled.mock.calls.length).toBe(1);
    const stopped = job.close();
    decide({ exchanged: exchanged('ada@mail.example') });
    await stopped;
    expect(await statusOf(flow)).toBe('CONNECTED');
  });

  it('fails with a way out when the provider no longer offers the method', async () => {
    const flow = await begun();
    instance(60_000, provider).schedule(flow.id, 0);
    await expect.poll(() => statusOf(flow)).toBe('FAILED');
    const { problem } = (await accounts.flows.find(flow.userId, flow.id)) ?? {};
    expect(problem).toEqual({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('no longer connects accounts in this way'),
    });
  });
});
