import { composeRaw, type Letter } from '../mail/compose.ts';
import type { Mail, Placement } from '../mail/mail.ts';
import { INBOX_UNREAD, mailFromRaw } from '../mail/received.ts';

let letters = 0;

/** Returns a letter to this address with the fields that the test sets. Each letter is a second later than the one before. */
export function letterTo(address: string, given: Partial<Letter>): Letter {
  letters += 1;
  return {
    from: { name: 'Ada Lovelace', address: 'ada@example.org' },
    to: [{ name: 'Demo User', address }],
    subject: `Letter ${letters}`,
    date: new Date(Date.UTC(2026, 2, 1, 10, 0, letters)),
    messageId: `<letter-${letters}@example.org>`,
    text: 'Hello there.\n',
    ...given,
  };
}

/** Returns the letter as it arrives: unread in the inbox unless the test places it elsewhere. */
export const arriving = (written: Letter, placement: Partial<Placement>): Mail =>
  mailFromRaw(composeRaw(written), {
    key: written.messageId,
    receivedAt: written.date,
    placement: { ...INBOX_UNREAD, ...placement },
  });
