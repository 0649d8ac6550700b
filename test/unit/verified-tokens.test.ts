import { expect, it } from 'vitest';
import { VerifiedTokens } from '../../src/accounts/users/verified-tokens.ts';

const speaksFor = (userId: string) => ({
  userId,
  kind: 'session',
  scopes: [],
  sessionId: 's',
  expiresAt: new Date(1_000),
});

it('a verified token is cached until the instant at which it expires', () => {
  const tokens = new VerifiedTokens();
  tokens.add('ada', speaksFor('ada'));
  expect(tokens.get('ada', new Date(999))).toEqual(speaksFor('ada'));
  expect(tokens.get('ad', new Date(0))).toBeNull();
  expect(tokens.get('ada', new Date(1_000))).toBeNull();
});

it('at most 10,000 are cached, and those that were not used for longest are dropped first', () => {
  const tokens = new VerifiedTokens();
  const add = (n: number) => tokens.add(`token ${n}`, speaksFor(`user ${n}`));
  for (let n = 0; n < 10_000; n++) add(n);
  expect(tokens.get('token 0', new Date(0))).toEqual(speaksFor('user 0'));
  add(10_000);
  expect(tokens.get('token 1', new Date(0))).toBeNull();
  expect(tokens.get('token 0', new Date(0))).toEqual(speaksFor('user 0'));
  expect(tokens.get('token 10000', new Date(0))).toEqual(speaksFor('user 10000'));
});
