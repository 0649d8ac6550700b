import { castOf } from './cast.ts';
import { composeRaw } from './mail/compose.ts';
import { arrivingLetter } from './mail/content/arrivals.ts';
import { mailFromRaw } from './mail/received.ts';
import { DEMO_ACCOUNTS } from './twins.ts';
import type { Emulator, Vendor } from './world.ts';

/** Delivers a message to the demo accounts in turn, every `seconds`. 0 switches this off. */
export function startTraffic(
  emulator: (vendor: Vendor) => Emulator,
  seconds: number,
  now: () => Date,
): { stop(): void } {
  if (seconds <= 0) return { stop: () => undefined };
  let n = 0;
  const timer = setInterval(() => {
    const twin = DEMO_ACCOUNTS[n % DEMO_ACCOUNTS.length];
    if (!twin) return;
    const { vendor, side, demo } = twin;
    const at = now();
    const letter = arrivingLetter(side, castOf(demo, side), Math.floor(n / DEMO_ACCOUNTS.length), at);
    const key = `arrival:${at.getTime()}.${n}`;
    emulator(vendor).deliver(demo.address, mailFromRaw(composeRaw(letter), { key, receivedAt: at }));
    n++;
  }, seconds * 1_000);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
