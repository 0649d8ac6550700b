import { expect, it } from 'vitest';
import { Hopeless } from '../support/run/polls.ts';

it('fails at once when another try can only fail again, with the last value', async () => {
  let asked = 0;
  const read = async () => {
    asked++;
    if (asked === 3) throw new Hopeless('the database is no more');
    return { asked };
  };
  await expect(expect.poll(read).toEqual({ asked: 9 })).rejects.toThrow(
    /the database is no more\nLast seen: \{ asked: 2 \}/,
  );
  expect(asked).toBe(3);
});

it('also fails at once after `not`', async () => {
  const read = () => Promise.reject(new Hopeless('no more'));
  await expect(expect.poll(read).not.toBe(1)).rejects.toThrow('no more');
});

it('tries again after any other failure', async () => {
  let asked = 0;
  const read = async () => {
    asked++;
    if (asked < 3) throw new Error('not yet');
    return asked;
  };
  await expect.poll(read).toBe(3);
});
