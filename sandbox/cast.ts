import type { Side } from './mail/content/catalogue.ts';
import type { Cast } from './mail/content/story.ts';
import type { Person } from './mail/mail.ts';
import { DEMO_ACCOUNTS } from './twins.ts';

/** The people of an account's built-in mail: its owner, and the demo user's other account. */
export function castOf(me: Person, side: Side): Cast {
  const demo = (wanted: Side) => DEMO_ACCOUNTS.find((twin) => twin.side === wanted)?.demo ?? me;
  return { me, personal: side === 'home' ? me : demo('home'), work: side === 'office' ? me : demo('office') };
}
