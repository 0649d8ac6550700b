import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlLog, type SetFault, startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
beforeAll(async () => {
  // The short interval is for accounts without a watch. An account with a live watch is polled ten times less often.
  app = await startApp({ syncTimes: { pollIntervalMs: 250 } });
});
afterAll(() => app.close());

it.each([
  ['google', 'demo@gmail.example', 'stop'],
  ['microsoft', 'demo@outlook.example', 'POST /subscriptions'],
])(
  '%s: a watch that is renewed but stays silent is replaced once, and mail is announced again',
  async (vendor, account, replaces) => {
    const deliver = (subject: string) =>
      app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
    const replacements = async () => {
      const { records } = await app.control<ControlLog>(`/log?vendor=${vendor}&account=${account}&limit=100000`);
      return records.filter(({ operation }) => operation === replaces).length;
    };
    await app.control('/log', undefined, 'DELETE');
    await app.control('/silence-watches', { vendor, account });
    const mailUntil = (done: () => Promise<boolean>) =>
      expect
        .poll(
          async () => {
            await deliver('news');
            return done();
          },
          { interval: 500 },
        )
        .toBe(true);
    await mailUntil(async () => (await replacements()) > 0);

    // The new watch works: the fault counts nothing but notifications.
    const { id } = await app.control<{ id: number }>('/faults', { vendor, account, webhook: 'repeat' });
    await mailUntil(async () =>
      (await app.control<SetFault[]>('/faults')).some((fault) => fault.id === id && fault.met > 0),
    );
    expect(await replacements()).toBe(1);
  },
);
