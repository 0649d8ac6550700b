import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRule, AttemptStore } from '../../src/accounts/users/attempt.store.ts';
import { SessionService } from '../../src/accounts/users/session.service.ts';
import { SessionStore } from '../../src/accounts/users/session.store.ts';
import {
  PER_CLIENT,
  PER_EMAIL,
  PER_EMAIL_AND_CLIENT,
  SignInService,
} from '../../src/accounts/users/sign-in.service.ts';
import { UserStore } from '../../src/accounts/users/user.store.ts';
import { createBus } from '../../src/platform/bus/bus.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';

const jwtSecret = 'a secret of at least thirty-two characters';
const password = 'correct horse battery';

describe.each(TEST_DATABASES)('guessing passwords on %s', (kind) => {
  let db: Database;
  let service: SignInService;
  let another: SignInService;
  let people = 0;
  let clients = 0;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    const bus = await createBus(db, silent);
    const sessions = new SessionService({ store: new SessionStore(db), bus, jwtSecret, log: silent });
    const instance = () =>
      new SignInService({
        users: new UserStore(db),
        sessions,
        attempts: new AttemptStore(db),
        registration: 'open',
        jwtSecret,
      });
    [service, another] = [instance(), instance()];
  });
  afterAll(() => db.close());

  const client = () => `198.51.${++clients >> 8}.${clients & 255}`;
  const owner = async (from: string) => {
    const email = `owner${++people}@people.example`;
    await service.register({ email, password, invite: null }, from);
    return email;
  };
  const guess = (by: SignInService, email: string, from: string, given = 'wrong guess') =>
    by.signIn({ email, password: given }, from).then(
      () => 'IN',
      ({ code }) => code as string,
    );
  const guesses = async (email: string, from: string, times = PER_EMAIL_AND_CLIENT.burst) => {
    for (let i = 0; i < times; i++) expect(await guess(service, email, from)).toBe('UNAUTHENTICATED');
  };

  /** Counts half as many attempts more than the rule allows, so that no attempt is free again while the test runs. */
  const exhaust = async ({ name, burst, everyMs }: AttemptRule, key: string) => {
    const unbounded = { name, burst: 10 * burst, everyMs };
    for (let i = 0; i < 1.5 * burst; i++) expect(await new AttemptStore(db).take(unbounded, key)).toBe(0);
  };

  it('stops a client after ten, on every instance, and keeps the owner out nowhere else', async () => {
    const [home, elsewhere, attacker] = [client(), client(), client()];
    const email = await owner(home);
    await guesses(email, attacker);
    expect(await guess(service, email, attacker)).toBe('RATE_LIMITED');
    expect(await guess(another, email, attacker, password)).toBe('RATE_LIMITED');
    await expect(another.signIn({ email, password }, attacker)).rejects.toMatchObject({
      retryAfterMs: expect.any(Number),
    });
    expect(await guess(another, email, home, password)).toBe('IN');
    expect(await guess(service, email, elsewhere, password)).toBe('IN');
    expect(await guess(service, ` ${email.toUpperCase()} `, attacker, password), 'another spelling').toBe(
      'RATE_LIMITED',
    );
  });

  it('stops guessing from many clients at 200, and lets the owner in from where they signed in before', async () => {
    expect([PER_EMAIL_AND_CLIENT.burst, PER_EMAIL.burst]).toEqual([10, 200]);
    const home = client();
    const email = await owner(home);
    await exhaust(PER_EMAIL, email);
    expect(await guess(service, email, client())).toBe('RATE_LIMITED');
    expect(await guess(another, email, client(), password), 'a client that nobody knows').toBe('RATE_LIMITED');
    expect(await guess(another, email, home, password)).toBe('IN');
    await guesses(email, home);
    expect(await guess(another, email, home), 'a known client guesses no more than others').toBe('RATE_LIMITED');
  });

  it('counts an IPv6 client by its /64, and an IPv4 client however it is written', async () => {
    const email = await owner(client());
    for (let i = 0; i < 10; i++) await guesses(email, `2001:db8:0:${people}:${i}::1`, 1);
    expect(await guess(service, email, `2001:db8::${people}:ffff:1:2:3`)).toBe('RATE_LIMITED');
    expect(await guess(service, email, `2001:db8:1:${people}::1`)).toBe('UNAUTHENTICATED');
    const four = client();
    for (let i = 0; i < 10; i++) await guesses(email, i % 2 ? four : `::ffff:${four}`, 1);
    expect(await guess(service, email, four)).toBe('RATE_LIMITED');
  });

  it('counts nothing for an attempt that it refuses, not even towards other limits', async () => {
    const [office, home] = [client(), client()];
    const email = await owner(home);
    await guesses(email, office);
    for (let i = 0; i < PER_CLIENT.burst; i++) expect(await guess(service, email, office)).toBe('RATE_LIMITED');
    expect(await guess(service, await owner(home), office, password), 'a colleague').toBe('IN');

    const sprayed = await owner(client());
    const elsewhere = client();
    await exhaust(PER_EMAIL, sprayed);
    for (let i = 0; i < PER_EMAIL_AND_CLIENT.burst; i++)
      expect(await guess(another, sprayed, elsewhere, password)).toBe('RATE_LIMITED');
    await db.prisma.attempt.deleteMany({ where: { wholeAt: { gt: new Date(Date.now() + PER_EMAIL.burst * 10_000) } } });
    expect(await guess(another, sprayed, elsewhere, password), 'once the address is free again').toBe('IN');
  });

  it('gives back what a successful sign-in had counted, in every rule', async () => {
    const email = await owner(client());
    const from = client();
    for (const [{ name, everyMs }, key] of [
      [PER_CLIENT, from],
      [PER_EMAIL, email],
    ] as const)
      for (let i = 0; i < 30; i++) await new AttemptStore(db).take({ name, burst: 50, everyMs }, key);
    await guesses(email, from, 2);
    const counted = () => db.prisma.attempt.findMany({ orderBy: { key: 'asc' } });
    const before = await counted();
    for (let i = 0; i < 3; i++) expect(await guess(service, email, from, password)).toBe('IN');
    const known = new Set(before.map(({ key }) => key));
    expect((await counted()).filter(({ key }) => known.has(key))).toEqual(before);
  });

  it('stops one client that guesses at many addresses', async () => {
    const from = client();
    await exhaust(PER_CLIENT, from);
    expect(await guess(service, `nobody${people}@people.example`, from)).toBe('RATE_LIMITED');
  });
});
