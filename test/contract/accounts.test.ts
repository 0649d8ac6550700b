import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMailError, type MailError } from '../../src/domain/error.ts';
import { isUnreadable, type ListQuery } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';
import { silent } from '../support/app/database.ts';
import {
  type Account,
  highestAccess,
  interactive,
  type Lab,
  openLab,
  PROVIDER_IDS,
  twinPlaying,
} from '../support/app/lab.ts';
import { compose } from '../support/mail/composing.ts';

const WHOLE: ListQuery = { mailboxId: null, where: null };
const PAGE = { size: 5, after: null };
const WATCH = {
  notificationUrl: 'http://127.0.0.1:9/webhooks/lab',
  secret: 's',
  isSilent: false,
  isTaken: async () => false,
  lost: async () => {},
};

/** The calls of a session. Each rejects with the failure that its caller sees. */
const USES: Readonly<
  Record<string, (session: MailSession, ids: readonly string[], draftId: string) => Promise<unknown>>
> = {
  'a list': (session) => session.listMessages(WHOLE, PAGE, interactive()),
  'a batch': async (session, ids) => {
    const read = await session.getMessages(ids, 'envelope', interactive());
    const [first] = read;
    expect(read.every((message) => isMailError(message))).toBe(true);
    throw first;
  },
  'a sync': (session) => session.changes(null, interactive()),
  'a watch': async (session) => session.watch?.start(null, WATCH, interactive()),
  'a send': (session, _ids, draftId) => session.send(draftId, interactive()),
};

describe.each(PROVIDER_IDS)('%s: an account as a whole', (id) => {
  const { vendor, domain, mailboxRefusals, operations } = twinPlaying(id);
  const uses = Object.keys(USES).filter((use) => use !== 'a send' || operations.send !== undefined);
  let lab: Lab;
  let account: Account;
  let ids: string[];
  let draftId: string;
  let seen: { readonly told: MailError[]; readonly tokens: number };
  let session: MailSession;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('whole');
    for (let i = 0; i < 3; i++) await account.deliver({ from: 'a@example.org', subject: `mail ${i}`, text: 'x' });
    const { items } = await account.session.listMessages(WHOLE, PAGE, interactive());
    ids = items.flatMap((item) => (isUnreadable(item) ? [] : [item.id]));
    const message = compose({
      to: [{ name: null, address: account.address }],
      internetMessageId: 'whole@postern.test',
    });
    if (operations.save)
      draftId = (await account.session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive())).id;
  });
  /** Opens a session for one test, so that requests of an earlier test are not counted. */
  const open = () => {
    const grant = { ...account.grant };
    const counted = { told: [] as MailError[], tokens: 0 };
    seen = counted;
    session = lab.provider.open({
      address: account.address,
      access: highestAccess(lab.provider),
      scopes: [],
      limiter: createRequestLimiter(lab.provider.limits, { log: silent }),
      async accessToken(signal, rejected) {
        if (rejected === grant.accessToken) {
          counted.tokens++;
          Object.assign(grant, await lab.method.refresh(grant.secret, signal));
        }
        return grant.accessToken;
      },
      refused: async (error) => void counted.told.push(error),
    });
  };
  afterEach(async () => {
    await lab.control('/faults', undefined, 'DELETE');
    if (mailboxRefusals.length > 0) await lab.control('/mailbox', { vendor, account: account.address, refusal: null });
    await lab.control('/refuse-tokens', { vendor, account: account.address, areRefused: false });
  });
  afterAll(() => lab.close());

  describe.each(mailboxRefusals)('that has no mailbox (%s)', (refusal) => {
    it('is not connected', async () => {
      const address = `${refusal.toLowerCase()}@${domain}`;
      await lab.control('/accounts', { vendor, address, name: 'Nobody' });
      await lab.control('/mailbox', { vendor, account: address, refusal });
      await expect(lab.authorize(address, 'READ')).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(/no .*mailbox/),
      });
    });

    it.each(uses)('is told of once it is connected, with %s', async (use) => {
      open();
      if (use === 'a watch' && !session.watch) return;
      await lab.control('/mailbox', { vendor, account: account.address, refusal });
      const refused = await USES[use]?.(session, ids, draftId).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'UNSUPPORTED', ofAccount: true });
      expect(seen.told.length).toBeGreaterThan(0);
      expect(seen.told.every(({ code, ofAccount }) => code === 'UNSUPPORTED' && ofAccount)).toBe(true);
      // Such a refusal has nothing to do with tokens.
      expect(seen.tokens).toBe(0);
    });
  });

  it.each(uses)('that takes no token however new is told of, with %s, after two of them', async (use) => {
    open();
    if (use === 'a watch' && !session.watch) return;
    await lab.control('/refuse-tokens', { vendor, account: account.address, areRefused: true });
    const refused = await USES[use]?.(session, ids, draftId).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RECONNECT_REQUIRED' });
    expect(seen.told.map(({ code }) => code)).toContain('RECONNECT_REQUIRED');
    // Concurrent requests share a refreshed token.
    expect(seen.tokens).toBeGreaterThanOrEqual(2);
    expect(seen.tokens).toBeLessThanOrEqual(3);
  });

  it('is told nothing of where a new token does', async () => {
    open();
    await lab.control('/expire-tokens', { vendor, account: account.address });
    await session.listMessages(WHOLE, PAGE, interactive());
    await lab.control('/expire-tokens', { vendor, account: account.address });
    expect((await session.getMessages(ids, 'envelope', interactive())).some(isMailError)).toBe(false);
    await lab.control('/expire-tokens', { vendor, account: account.address });
    if (operations.send) await session.send(draftId, interactive());
    else await session.changes(null, interactive());
    expect([seen.told, seen.tokens]).toEqual([[], 3]);
  });
});
