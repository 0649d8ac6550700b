import { expect, it } from 'vitest';
import { Hopeless } from '../support/run/polls.ts';

it('ends at once when asking again can only fail again, with what was seen last', async () => {
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

it('ends at once behind not, too', async () => {
  const read = () => Promise.reject(new Hopeless('no more'));
  await expect(expect.poll(read).not.toBe(1)).rejects.toThrow('no more');
});

it('asks again after any other failure', async () => {
  let asked = 0;
  const read = async () => {
    asked++;
    if (asked < 3) throw new Error('not yet');
    return asked;
  };
  await expect.poll(read).toBe(3);
});
