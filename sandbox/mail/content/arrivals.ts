import type { Letter } from '../compose.ts';
import type { Person } from '../mail.ts';
import type { Side } from './catalogue.ts';
import { ADA, BEN, GRACE, JO, KOFI, LEA, MUM } from './people.ts';
import { type Cast, pick } from './story.ts';

type Arrival = readonly [from: Person, subject: string, text: string];

const AT_HOME: readonly Arrival[] = [
  [JO, 'One more thing about the trip', 'Do we need a charger, or do you have one?'],
  [LEA, 'Tu as vu ? 🌈', 'Regarde par la fenêtre, vite !'],
  [MUM, 'Quick question', 'Which day was it again?'],
  [KOFI, 'Running late', "Ten minutes, fifteen at most. Don't wait with the coffee."],
];
const AT_WORK: readonly Arrival[] = [
  [ADA, 'Can you look at this before lunch?', 'The map tiles are grey again. Nothing in the log that I can see.'],
  [BEN, 'Moved: planning', 'Planning is half an hour later today; the room is the same.'],
  [GRACE, 'Numbers for the afternoon', 'Up four per cent since Monday. I will send the chart after the call.'],
];

/** Returns the n-th mail that arrives by itself while the sandbox runs. */
export function arrivingLetter(side: Side, cast: Cast, n: number, at: Date): Letter {
  const [from, subject, text] = pick(side === 'home' ? AT_HOME : AT_WORK, n);
  return {
    from,
    to: [cast.me],
    subject,
    text: `${text}\n\n${from.name}\n`,
    html: `<p>${text}</p><p>${from.name}</p>`,
    date: at,
    messageId: `<arrival.${n}.${at.getTime()}.${side}@mail.example>`,
  };
}
