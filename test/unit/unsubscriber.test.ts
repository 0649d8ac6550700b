import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { ComposeRequest } from '../../src/mail/compose/compose-request.ts';
import { readMailto } from '../../src/mail/unsubscribe/mailto.ts';
import { Unsubscriber } from '../../src/mail/unsubscribe/unsubscriber.ts';
import { Outbound } from '../../src/platform/outbound.ts';
import { aMessage, fakeAccount, holding, someContent } from '../support/fakes/fake-account.ts';

const PAGE = 'https://list.example/u?id=1';
const MAILTO = 'mailto:leave@list.example?subject=leave%20123';

function setUp(
  list: string,
  {
    post,
    answer,
    status = 'SENT',
    access = 'FULL' as const,
  }: { post?: string; answer?: number | Error; status?: string; access?: 'FULL' | 'READ' } = {},
) {
  const headers = [
    { name: 'List-Unsubscribe', value: list },
    ...(post ? [{ name: 'List-Unsubscribe-Post', value: post }] : []),
  ];
  const account = fakeAccount('gmail', holding(aMessage('m', { content: someContent({ headers }) })), {
    record: { access },
  });
  const posted: string[] = [];
  const sent: { message: ComposeRequest; key: string }[] = [];
  const unsubscriber = new Unsubscriber({
    outbound: {
      post: async (url, form) => {
        posted.push(`${url} ${form}`);
        if (answer instanceof Error) throw answer;
        return answer ?? 200;
      },
    },
    send: async (_account, message, key) => {
      sent.push({ message, key });
      return { status, problem: status === 'FAILED' ? { message: 'Refused.' } : null };
    },
    log: pino({ level: 'silent' }),
  });
  return { run: () => unsubscriber.unsubscribe(account, 'm'), posted, sent };
}
const ONE_CLICK = 'List-Unsubscribe=One-Click';

it('posts one click when that is offered', async () => {
  const { run, posted, sent } = setUp(`<${MAILTO}>, <${PAGE}>`, { post: ONE_CLICK });
  expect(await run()).toEqual({ method: 'ONE_CLICK', url: null, problem: null });
  expect([posted, sent]).toEqual([[`${PAGE} ${ONE_CLICK}`], []]);
});

it('sends the requested mail, from the address that received the message, once', async () => {
  const { run, posted, sent } = setUp(`<${MAILTO}>, <${PAGE}>`);
  expect(await run()).toMatchObject({ method: 'MAIL' });
  await run();
  expect(posted).toEqual([]);
  expect(sent[0]?.message).toMatchObject({
    from: 'gmail@mine.example',
    to: [{ address: 'leave@list.example' }],
    subject: 'leave 123',
    text: 'unsubscribe',
  });
  expect(sent[1]?.key).toBe(sent[0]?.key);
});

it.each([[500], [302], [new Error('refused')]])('sends the mail when the click ends in %s', async (answer) => {
  expect(await setUp(`<${MAILTO}>, <${PAGE}>`, { post: ONE_CLICK, answer }).run()).toMatchObject({ method: 'MAIL' });
  const { problem, url } = await setUp(`<${PAGE}>`, { post: ONE_CLICK, answer }).run();
  expect([problem?.code, url]).toEqual(['PROVIDER_UNAVAILABLE', PAGE]);
});

it('returns a page for the user to visit', async () => {
  const { run, posted } = setUp(`<${PAGE}>`);
  expect(await run()).toMatchObject({ method: null, url: PAGE, problem: { code: 'UNSUPPORTED' } });
  expect(posted).toEqual([]);
  expect(await setUp('').run()).toMatchObject({ method: null, url: null, problem: { code: 'UNSUPPORTED' } });
});

it('explains why no mail was sent', async () => {
  expect(await setUp(`<${MAILTO}>`, { status: 'FAILED' }).run()).toMatchObject({
    method: null,
    problem: { code: 'INVALID', message: expect.stringContaining('Refused.') },
  });
  expect(await setUp(`<${MAILTO}>`, { access: 'READ' }).run()).toMatchObject({
    method: null,
    problem: { code: 'FORBIDDEN' },
  });
});

it('follows no link to a private address, and does not offer it', async () => {
  const account = fakeAccount(
    'gmail',
    holding(
      aMessage('m', {
        content: someContent({
          headers: [
            { name: 'List-Unsubscribe', value: '<https://127.0.0.1/u>' },
            { name: 'List-Unsubscribe-Post', value: ONE_CLICK },
          ],
        }),
      }),
    ),
  );
  const unsubscriber = new Unsubscriber({
    outbound: new Outbound(),
    send: async () => {
      throw new Error('sent');
    },
    log: pino({ level: 'silent' }),
  });
  expect(await unsubscriber.unsubscribe(account, 'm')).toMatchObject({
    method: null,
    url: null,
    problem: { code: 'UNSUPPORTED' },
  });
});

it('limits what a mailto can ask for: one recipient, a subject, a text', () => {
  expect(
    readMailto(
      'mailto:a%2Bb@list.example,victim@x.example?cc=c@x.example&bcc=d@x.example&subject=x%0D%0ABcc:%20e@x.example&body=1%0D%0A2',
    ),
  ).toEqual({
    to: 'a+b@list.example',
    subject: 'x Bcc: e@x.example',
    text: '1\n2',
  });
  expect(readMailto('mailto:?to=leave+now@list.example')).toEqual({
    to: 'leave+now@list.example',
    subject: 'unsubscribe',
    text: 'unsubscribe',
  });
  for (const bad of ['mailto:', 'mailto:nobody', 'mailto:a%0d%0ab@x.example', 'mailto:%E0%A4%A'])
    expect(readMailto(bad)).toBeNull();
});
