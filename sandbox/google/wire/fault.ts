import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../world.ts';

/** What becomes of the connection once the answer is there. */
export type Cut = 'hang' | 'lose' | 'truncate';

export function cutOf(fault: Fault | null): Cut | null {
  if (fault?.hang) return 'hang';
  if (fault?.loseAnswer) return 'lose';
  return fault?.truncate ? 'truncate' : null;
}

/** The body that the fault gives to the answer, which keeps what else it is; the answer itself without one. */
export function spoilt<A extends { readonly body: string }>(answer: A, fault: Fault | null): A {
  return fault?.body === undefined ? answer : { ...answer, body: fault.body };
}

export async function delay(fault: Fault | null): Promise<void> {
  if (fault?.latencyMs) await sleep(fault.latencyMs);
  await fault?.cleared;
}
