import { composeRaw } from './mail/compose.ts';
import { arrivingLetter } from './mail/content/arrivals.ts';
import type { Cast } from './mail/content/story.ts';
import { mailFromRaw } from './mail/received.ts';
import type { Emulator, Vendor } from './world.ts';

/** Delivers a mail to the one demo account and to the other, by turns, every `seconds`; 0: never. */
export function startTraffic(
  emulators: Readonly<Record<Vendor, Emulator>>,
  seconds: number,
  castOf: (vendor: Vendor) => Cast,
  now: () => Date,
): { stop(): void } {
  if (seconds <= 0) return { stop: () => undefined };
  let n = 0;
  const timer = setInterval(() => {
    const vendor = n % 2 === 0 ? 'google' : 'microsoft';
    const cast = castOf(vendor);
    const at = now();
    const letter = arrivingLetter(vendor === 'google' ? 'home' : 'office', cast, Math.floor(n / 2), at);
    const key = `arrival:${at.getTime()}.${n}`;
    emulators[vendor].deliver(cast.me.address, mailFromRaw(composeRaw(letter), { key, receivedAt: at }));
    n++;
  }, seconds * 1_000);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
