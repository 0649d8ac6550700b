import type { Sandbox } from '../../../sandbox/start.ts';
import type { AccountPicture, MessagePicture } from './picture.ts';

/**
 * Reads the true state of an account from the emulator itself, in the gateway's terms. No request is made, so it costs none of
 * the account's quota. The mailboxes are those that a user has made; the system's have no names that could change.
 */
export function truthOf(sandbox: Sandbox, vendor: string, address: string): AccountPicture {
  const emulator = sandbox.emulator(vendor);
  const existing = new Set(emulator.dump(address).map(({ id }) => id));
  const messages = new Map<string, MessagePicture>();
  const mailboxes = new Map<string, string>();
  const read = READERS[vendor];
  if (!read) throw new Error(`no reader for ${vendor}`);
  for (const piece of emulator.piecesOf(address)) {
    const [kind = '', id = ''] = splitKey(piece.key);
    if (read.mailbox === kind) mailboxes.set(id, read.name(piece.read()));
    else if (read.message === kind && existing.has(id)) messages.set(id, read.state(piece.read()));
  }
  return { messages, mailboxes };
}

const splitKey = (key: string): [string, string] => {
  const space = key.indexOf(' ');
  return space === -1 ? [key, ''] : [key.slice(0, space), key.slice(space + 1)];
};

/** How a vendor's pieces are read. Written from the vendors' documentation, and not from the adapters that it is to judge. */
interface Reader {
  readonly message: string;
  readonly mailbox: string;
  name(piece: unknown): string;
  state(piece: unknown): MessagePicture;
}

/** Google's labels that are no mailboxes: flags, the colours of stars, and what Hangouts left behind. */
const NO_MAILBOX = /^(UNREAD|CHAT|[A-Z]+_(STAR|BANG|GUILLEMET|CHECK|INFO|QUESTION))$/;

const READERS: Readonly<Record<string, Reader>> = {
  google: {
    message: 'message',
    mailbox: 'label',
    name: (piece) => (piece as { name: string }).name,
    state(piece) {
      const { labels } = piece as { labels: readonly string[] };
      return {
        isRead: !labels.includes('UNREAD'),
        isStarred: labels.includes('STARRED'),
        isImportant: labels.includes('IMPORTANT'),
        isDraft: labels.includes('DRAFT'),
        mailboxes: new Set(labels.filter((label) => !NO_MAILBOX.test(label))),
      };
    },
  },
  microsoft: {
    message: 'item',
    mailbox: 'folder',
    name: (piece) => (piece as { displayName: string }).displayName,
    state(piece) {
      const { folder, state } = piece as {
        folder: string;
        state: {
          isRead: boolean;
          isDraft: boolean;
          flag: { flagStatus?: string | null };
          importance: string;
          categories: readonly string[];
        };
      };
      return {
        isRead: state.isRead,
        isStarred: state.flag.flagStatus === 'flagged',
        isImportant: state.importance === 'high',
        isDraft: state.isDraft,
        mailboxes: new Set([folder, ...state.categories.map((name) => `category:${name}`)]),
      };
    },
  },
};
