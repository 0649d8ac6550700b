import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { RequestLimiter } from '../../src/providers/contract/call.ts';
import { isUnreadable, type ListQuery } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
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

describe.each(PROVIDER_IDS)('%s: an access token', (id) => {
  const { operations } = twinPlaying(id);
  let lab: Lab;
  let account: Account;
  let ids: string[];
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('token');
    for (let i = 0; i < 5; i++) await account.deliver({ from: 'a@example.org', subject: `mail ${i}`, text: 'x' });
    const { items } = await account.session.listMessages(WHOLE, PAGE, interactive());
    ids = items.flatMap((item) => (isUnreadable(item) ? [] : [item.id]));
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  const fault = (it: object) => lab.control('/faults', { vendor: lab.vendor, account: account.address, ...it });
  const draft = async (subject: string, session = account.session) => {
    const to = [{ name: null, address: account.address }];
    const message = compose({ to, subject, internetMessageId: `${subject}@postern.test` });
    return (await session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive())).id;
  };
  const readOne = async () => {
    const [message] = await account.session.getMessages(ids.slice(0, 1), 'envelope', interactive());
    return isMailError(message) ? message.code : message?.id;
  };
  const refused = async () =>
    (await lab.control<{ records: { status: number }[] }>(`/log?vendor=${lab.vendor}&limit=5000`)).records.filter(
      ({ status }) => status === 401,
    ).length;
  /** Opens a session with a busy limiter: the token of each request expires while it waits for its turn. */
  const queueing = (): MailSession => {
    let last: Promise<unknown> = Promise.resolve();
    const limiter: RequestLimiter = {
      request(_cost, call, attempt) {
        // One at a time: beside another one, the tokens that this one expires would be those that the other has just taken.
        const turn = last.then(async () => {
          await lab.control('/expire-tokens', { vendor: lab.vendor, account: account.address });
          Object.assign(account.grant, await lab.method.refresh(account.grant.secret, call.signal));
          return attempt(call.signal);
        });
        last = turn.catch(() => {});
        return turn;
      },
      async stream(cost, call, open) {
        return (await this.request(cost, call, open)) ?? new ReadableStream();
      },
      maxSlots: 4,
    };
    const accessToken = async () => account.grant.accessToken;
    return lab.provider.open({
      address: account.address,
      access: highestAccess(lab.provider),
      scopes: [],
      limiter,
      accessToken,
    });
  };

  it('is taken when the request is let through, so that none runs out in the queue', async () => {
    const session = queueing();
    await lab.control('/log', undefined, 'DELETE');
    await session.listMessages(WHOLE, PAGE, interactive());
    const read = await session.getMessages(ids, 'envelope', interactive());
    expect(read.filter(isMailError)).toEqual([]);
    await new Response(await session.readRaw(ids[0] ?? '', interactive())).arrayBuffer();
    if (operations.send) await session.send(await draft('in-the-queue', session), interactive());
    await session.changes(null, interactive());
    expect(await refused()).toBe(0);
  });

  it('that is refused is renewed, and once more when the newer one was as old', async () => {
    await fault({ operation: lab.operations.read, status: 401, times: 2 });
    expect(await readOne()).toBe(ids[0]);
  });

  it.each(operations.send ? [operations.send] : [])(
    'that is refused for a send (%s) is renewed, and the message goes once',
    async (operation) => {
      const draftId = await draft('sent-once');
      await fault({ operation, status: 401, times: 2 });
      await account.session.send(draftId, interactive());
      const submitted = { draftId, internetMessageId: 'sent-once@postern.test', since: new Date(0) };
      expect(await account.session.probe(submitted, interactive())).toMatchObject({ state: 'sent' });
    },
  );

  it('that runs out inside a batch is renewed for those parts', async () => {
    await fault({ operation: lab.operations.read, status: 401, times: 2 });
    const read = await account.session.getMessages(ids, 'envelope', interactive());
    expect(read.map((message) => (isMailError(message) ? message.code : 'read'))).toEqual(ids.map(() => 'read'));
  });

  it('that is refused however new it is says RECONNECT_REQUIRED', async () => {
    await fault({ operation: lab.operations.read, status: 401 });
    expect(await readOne()).toBe('RECONNECT_REQUIRED');
  });
});
