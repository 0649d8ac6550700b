import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

const WHOLE = { mailboxId: null, where: null };
const EVIL = 'mallory@evil.example';

interface Log {
  records: { operation: string; batch: number | null; path: string }[];
}

describe.each(['written', 'decoded'] as const)('the header as written, of a Gmail that lists it %s', (headers) => {
  let lab: Lab;
  let accounts = 0;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab('GMAIL', undefined, { headers });
  });
  afterAll(() => lab.close());

  let mails = 0;
  const deliver = (...lines: string[]) =>
    account.deliver({ raw: [...lines, `Message-ID: <raw.${++mails}@x.example>`, '', 'x', ''].join('\r\n') });
  const open = async () => {
    account = await lab.account(`asked${++accounts}`);
  };
  const asked = async (read: () => Promise<unknown>) => {
    await lab.control('/log', undefined, 'DELETE');
    await read();
    const { records } = await lab.control<Log>('/log');
    return records.filter(({ path }) => path.includes('format=raw')).length;
  };
  const full = async (id: string): Promise<Message> => {
    const [message] = await account.session.getMessages([id], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    return message;
  };
  const list = () => account.session.listMessages(WHOLE, { size: 50, after: null }, interactive());

  it('is not requested when both readings agree', async () => {
    await open();
    await deliver('From: Plain <plain@x.example>', 'To: "Doe, Jane" <jane@x.example>');
    await deliver('From: =?utf-8?Q?Bank_=3Chelp=40bank.example=3E?= <m@evil.example>', 'To: a@x.example, b@x.example');
    const one = await deliver('From: Plain <plain@x.example>', 'To: Ann <a@x.example>, b@x.example');
    await deliver('From: x@x.example', 'To: Ann <a@x.example>, Bob <b@x.example>');
    expect(await asked(list)).toBe(0);
    expect(await asked(() => full(one))).toBe(0);
  });

  it('is requested once when they do not, and for no other message of the page', async () => {
    await open();
    await deliver('From: Plain <plain@x.example>', 'To: x@x.example');
    const odd = await deliver(`From: Boss <boss@corp.example>, Eve <${EVIL}>`, 'To: x@x.example');
    expect(await asked(list)).toBe(1);
    expect((await full(odd)).from).toEqual({ name: 'Boss', address: 'boss@corp.example' });
    const named = await deliver(`From: =?utf-8?Q?Boss_=3Cboss=40corp.example=3E=2C_Eve?= <${EVIL}>`);
    expect(await asked(async () => expect((await full(named)).from?.address).toBe(EVIL))).toBe(
      headers === 'decoded' ? 1 : 0,
    );
  });

  it('settles ordinary lists once a header has shown that Gmail decodes', async () => {
    await open();
    const plain = await deliver('From: x@x.example', 'To: Ann <a@x.example>, Bob <b@x.example>');
    expect(await asked(() => full(plain))).toBe(0);
    const telling = await deliver('From: =?utf-8?Q?J=C3=B6rg?= <j@x.example>', 'To: x@x.example');
    expect(await asked(() => full(telling))).toBe(headers === 'decoded' ? 1 : 0);
    const hidden = await deliver(
      'From: x@x.example',
      'To: =?utf-8?Q?Alice_=3Calice=40corp.example=3E=2C_Bob?= <bob@x.example>',
    );
    const to = [{ name: 'Alice <alice@corp.example>, Bob', address: 'bob@x.example' }];
    expect(await asked(async () => expect((await full(hidden)).to).toEqual(to))).toBe(headers === 'decoded' ? 1 : 0);
    expect(await asked(list)).toBe(headers === 'decoded' ? 2 : 0);
  });

  it('settles the ordinary lists of the page that showed that Gmail decodes, and of every later page', async () => {
    await open();
    const hidden = await deliver(
      'From: x@x.example',
      'To: =?utf-8?Q?Alice_=3Calice=40corp.example=3E=2C_Bob?= <bob@x.example>',
    );
    await deliver(`From: "Boss" <boss@corp.example>, "Eve" <${EVIL}>`, 'To: x@x.example');
    const { items } = await list();
    // Nobody can decode this subject, so it is listed as it was written.
    await full(await deliver(`From: Boss <boss@corp.example>, Eve <${EVIL}>`, 'Subject: =?utf-8?X?a?='));
    const read = [...(items as Message[]), await full(hidden)].filter(({ id }) => id === hidden);
    const to = [{ name: 'Alice <alice@corp.example>, Bob', address: 'bob@x.example' }];
    expect(read.map((message) => message.to)).toEqual([to, to]);
  });

  it('is not needed to list the message: without it the last angle address counts', async () => {
    await open();
    const id = await deliver(
      `From: Boss <boss@corp.example>, Eve <${EVIL}>`,
      `Reply-To: "Ops" <ops@corp.example>, Eve <${EVIL}>`,
    );
    // Every second request fails: the message is read, and its raw form is not.
    await lab.control('/faults', { vendor: 'google', operation: 'messages.get', status: 404, share: 0.5 });
    const message = await full(id);
    await lab.control('/faults', undefined, 'DELETE');
    expect(message.from).toEqual({ name: 'Boss <boss@corp.example>, Eve', address: EVIL });
    expect(message.replyTo.map(({ address }) => address)).toEqual([EVIL]);
  });
});
