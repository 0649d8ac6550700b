import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../world.ts';

/** What happens to the connection once the answer is ready. */
export type Cut = 'hang' | 'lose' | 'truncate';

export function cutOf(fault: Fault | null): Cut | null {
  if (fault?.hang) return 'hang';
  if (fault?.loseAnswer) return 'lose';
  return fault?.truncate ? 'truncate' : null;
}

/** Returns the answer with the fault's body, or the answer itself when the fault has none. */
export function spoilt<A extends { readonly body: string }>(answer: A, fault: Fault | null): A {
  return fault?.body === undefined ? answer : { ...answer, body: fault.body };
}

export async function delay(fault: Fault | null): Promise<void> {
  if (fault?.latencyMs) await sleep(fault.latencyMs);
  await fault?.cleared;
}
