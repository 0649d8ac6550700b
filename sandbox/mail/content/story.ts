import type { Enclosed } from '../compose.ts';
import type { Person, Placement } from '../mail.ts';

/** One mail of a story. The generator sets its ids and dates. */
export interface Scene {
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc?: readonly Person[];
  readonly replyTo?: readonly Person[];
  readonly subject: string;
  readonly text: string | null;
  readonly html?: string;
  /** The charset of the text parts. Default: utf-8. */
  readonly charset?: string;
  /** The attachments, which are built only with the whole mail. */
  readonly attachments?: (sentAt: Date) => readonly Enclosed[];
  /** The images that the HTML shows by cid:. */
  readonly images?: () => readonly Enclosed[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Its place in the owner's mailbox. Default: the inbox, or the sent mail for the owner's own mails. */
  readonly place?: Partial<Placement>;
}

/** The people in the stories. `me` owns the mailbox that is filled. */
export interface Cast {
  readonly me: Person;
  readonly personal: Person;
  readonly work: Person;
}

/** A conversation or a single mail. Each telling of it has its own words, ids and dates. */
export interface Story {
  readonly key: string;
  /** The number of scenes in each telling. */
  readonly length: number;
  readonly scenes: (n: number, cast: Cast) => readonly Scene[];
  /** False: each scene is a mail of its own, outside of any thread. */
  readonly threaded?: boolean;
}

export function pick<T>(choices: readonly T[], n: number): T {
  return choices[n % choices.length] as T;
}

/** Returns a reply that quotes its parent below the text, as most mail programs do. */
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
