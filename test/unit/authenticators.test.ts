import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Authenticator, Authenticators } from '../../src/accounts/users/authenticator.ts';
import { MailError, unauthenticated } from '../../src/domain/error.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const asked = (...answers: Authenticator['authenticate'][]) =>
  new Authenticators(answers.map((authenticate) => ({ authenticate }))).authenticate('a', { clientAddress: '' });
const fails = (error: Error) => () => Promise.reject(error);

it('waits a while for an authenticator that hangs, and leaves no timer behind', async () => {
  const hanging = expect(asked(() => new Promise(() => {}))).rejects.toMatchObject({ code: 'TIMEOUT' });
  await vi.advanceTimersByTimeAsync(60_000);
  await hanging;
  await expect(asked(async () => null)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  ['a refusal', unauthenticated('Revoked.'), { message: 'Revoked.', code: 'UNAUTHENTICATED' }],
  [
    'a refusal in the words of the domain',
    new MailError('UNAUTHENTICATED', 'Revoked.'),
    { message: 'Revoked.', code: 'UNAUTHENTICATED' },
  ],
  ['what may pass', new MailError('TIMEOUT', 'Hangs.'), { code: 'TIMEOUT', message: 'Hangs.' }],
  [
    'what is wrapped about a store that is away',
    new Error('x', { cause: new MailError('STORE_UNAVAILABLE', 'Away.') }),
    { message: 'x' },
  ],
  [
    'what nobody foresaw',
    new TypeError('fetch failed'),
    { code: 'PROVIDER_UNAVAILABLE', cause: expect.any(TypeError) },
  ],
])('reports %s, and asks no other authenticator', async (_what, error, expected) => {
  const next = vi.fn(async () => null);
  await expect(asked(fails(error), next)).rejects.toMatchObject(expected);
  expect(next).not.toHaveBeenCalled();
});
