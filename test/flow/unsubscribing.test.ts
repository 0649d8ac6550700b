import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { TestApp } from '../support/app/app.ts';
import { type Organised, openOrganised } from '../support/mail/organised.ts';

let app: TestApp;
let gmail: Organised;
let outlook: Organised;
let run: Awaited<ReturnType<typeof openOrganised>>['run'];
beforeAll(async () => {
  ({ app, gmail, outlook, run } = await openOrganised());
});
afterAll(() => app.close());

it('unsubscribes by mail where the list asks for it, and follows no link into the private network', async () => {
  const UNSUBSCRIBE = '{ requested method url userErrors { code message field } }';
  const deliver = async (subject: string, headers: Record<string, string>) => {
    await app.control('/deliver', {
      vendor: 'google',
      account: gmail.address,
      subject,
      from: { name: 'List', address: 'list@news.example' },
      text: 'News',
      headers,
    });
    const { viewer } = await app.data(
      graphql(
        `query ($s: String) { viewer { messages(first: 1, search: $s) { nodes { id unsubscribe { oneClick } } } } }`,
      ),
      { s: `subject:"${subject}"` },
    );
    return viewer.messages.nodes[0]?.id;
  };
  const inwards = await deliver('Inwards', {
    'List-Unsubscribe': `<${app.url.replace('http:', 'https:')}/u>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  });
  expect(await run('unsubscribe', { message: inwards }, 'UnsubscribeInput', UNSUBSCRIBE)).toMatchObject({
    requested: false,
    url: null,
    userErrors: [{ code: 'UNSUPPORTED' }],
  });
  const page = await deliver('Pages', { 'List-Unsubscribe': '<https://news.example/u>' });
  expect(await run('unsubscribe', { message: page }, 'UnsubscribeInput', UNSUBSCRIBE)).toMatchObject({
    requested: false,
    url: 'https://news.example/u',
    userErrors: [{ code: 'UNSUPPORTED' }],
  });
  const mail = await deliver('Mails', { 'List-Unsubscribe': `<mailto:${outlook.address}?subject=leave>` });
  expect(await run('unsubscribe', { message: mail }, 'UnsubscribeInput', UNSUBSCRIBE)).toEqual({
    requested: true,
    method: 'MAIL',
    url: null,
    userErrors: [],
  });
});
