import type { Enclosed } from '../compose.ts';
import type { Person, Placement } from '../mail.ts';

/** One mail of a story, as it is told; ids and dates are the generator's. */
export interface Scene {
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc?: readonly Person[];
  readonly replyTo?: readonly Person[];
  readonly subject: string;
  readonly text: string | null;
  readonly html?: string;
  /** Of the text parts. Default: utf-8. */
  readonly charset?: string;
  /** Built only when the whole mail is asked for. */
  readonly attachments?: (sentAt: Date) => readonly Enclosed[];
  /** Images the HTML shows by cid:. */
  readonly images?: () => readonly Enclosed[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it lies in the owner's mailbox. Default: the inbox, or Sent for the owner's own. */
  readonly place?: Partial<Placement>;
}

/** Who the stories are told to. `me` owns the mailbox that is being filled. */
export interface Cast {
  readonly me: Person;
  readonly personal: Person;
  readonly work: Person;
}

/** A conversation, or a single mail. The n-th telling of it has its own words, ids and dates. */
export interface Story {
  readonly key: string;
  /** How many scenes each telling has. */
  readonly length: number;
  readonly scenes: (n: number, cast: Cast) => readonly Scene[];
  /** False: the scenes are mails of their own, in no thread. */
  readonly threaded?: boolean;
}

export function pick<T>(choices: readonly T[], n: number): T {
  return choices[n % choices.length] as T;
}

/** A reply with what it answers quoted below, as most mailers write it. */
export function reply(text: string, to: { readonly from: Person; readonly text: string | null }): string {
  const first = (to.text ?? '').split('\n').slice(0, 6);
  return `${text}\n\n${to.from.name || to.from.address} wrote:\n${first.map((line) => `> ${line}`).join('\n')}\n`;
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
