import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import { bodyOf } from '../support/clients/answer.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ messages: 0, demo: false, env: { TRUST_PROXY: '1', REGISTRATION: 'open' } });
});
afterAll(() => app.close());

const email = 'owner@people.example';
const password = 'a good long password';

/**
 * Sends a request as a proxy forwards it: `from` is the address that the proxy saw, whatever the client claims in the
 * header.
 */
async function send(field: string, from: string, given: string): Promise<string> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${Date.now() % 250}, ${from}` },
    body: JSON.stringify({
      query: `mutation ($email: EmailAddress!, $password: String!) { done: ${field}(input: { email: $email, password: $password }) { session { accessToken } userErrors { code } } }`,
      variables: { email, password: given },
    }),
  });
  const { data, errors } = await bodyOf<{ done: { userErrors: { code: string }[] } }>(response);
  return errors?.[0]?.extensions.code ?? data.done.userErrors[0]?.code ?? 'IN';
}

it('a stranger who guesses many passwords is locked out, and nobody else', async () => {
  const [home, elsewhere, stranger] = ['198.51.100.7', '2001:db8:7::1', '2001:db8:6'];
  expect(await send('register', home, password)).toBe('IN');
  const answers: string[] = [];
  for (let i = 0; i < 14; i++) answers.push(await send('signIn', `${stranger}:${i}::1`, 'wrong guess'));
  expect(answers.slice(0, 10), 'a /64 each').toEqual(Array(10).fill('UNAUTHENTICATED'));
  answers.length = 0;
  for (let i = 0; i < 12; i++) answers.push(await send('signIn', `${stranger}:ffff::${i}`, 'wrong guess'));
  expect(answers).toEqual([...Array(10).fill('UNAUTHENTICATED'), 'RATE_LIMITED', 'RATE_LIMITED']);
  expect(await send('signIn', `${stranger}:ffff::99`, password), 'the same /64').toBe('RATE_LIMITED');
  expect(await send('signIn', home, password)).toBe('IN');
  expect(await send('signIn', elsewhere, password)).toBe('IN');
});
