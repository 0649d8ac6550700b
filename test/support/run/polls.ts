import { inspect } from 'node:util';
import { expect } from 'vitest';

/** Thrown when trying again can only fail again. A poll then ends at once instead of at its timeout. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}
// It is recognised by its name, because this file is evaluated for each test file of a worker, and each time defines another class.
const isHopeless = (error: unknown): error is Hopeless => error instanceof Error && error.name === 'Hopeless';

/** The timeout of a poll for something that happens only after the retries of a submission and the waits between them. */
export const THROUGH_RETRIES = { timeout: 60_000 };

const { poll } = expect;
type Poll = typeof poll;
const INSTALLED = Symbol.for('postern: polls end at once');

const failingFast: Poll = (read, options) => {
  let lastSeen = '';
  let giveUp: (error: Hopeless) => void = () => {};
  const hopeless = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  hopeless.catch(() => {}); // it is for the matcher to tell
  const assertion = poll(async () => {
    try {
      const value = await read();
      lastSeen = `\nLast seen: ${inspect(value, { depth: 4 })}`;
      return value;
    } catch (error) {
      if (!isHopeless(error)) throw error;
      error.message += lastSeen;
      giveUp(error);
      return new Promise<never>(() => {}); // and asks no more
    }
  }, options);
  return racing(assertion, hopeless);
};

/** Makes each matcher of the assertion, also after `not`, reject with `hopeless` when that comes first. */
function racing<T extends object>(assertion: T, hopeless: Promise<never>): T {
  return new Proxy(assertion, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member === 'function')
        return (...given: unknown[]) => Promise.race([Reflect.apply(member, target, given), hopeless]);
      return typeof member === 'object' && member !== null ? racing(member, hopeless) : member;
    },
  });
}

// This file runs for each test file, while all of them share `expect`.
if (!(INSTALLED in expect)) Object.assign(expect, { poll: failingFast, [INSTALLED]: true });
