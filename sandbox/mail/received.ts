import { envelopeOf } from './envelope.ts';
import type { Envelope, Mail, MimePart, Placement } from './mail.ts';
import { parseMime } from './mime.ts';

export const INBOX_UNREAD: Placement = {
  mailbox: 'inbox',
  labels: [],
  isRead: false,
  isStarred: false,
  isImportant: false,
};

/**
 * Creates a Mail from RFC 5322 bytes. A function is called each time the bytes are needed, so that an archive of any size costs no
 * memory. Parsed content is released when memory is short.
 */
export function mailFromRaw(
  raw: Buffer | (() => Buffer),
  given: { key: string; receivedAt: Date; placement?: Placement },
): Mail {
  const read = typeof raw === 'function' ? raw : () => raw;
  let parsed: WeakRef<MimePart> | null = null;
  let envelope: Envelope | null = null;
  const mime = () => {
    const known = parsed?.deref();
    if (known) return known;
    const fresh = parseMime(read());
    parsed = new WeakRef(fresh);
    return fresh;
  };
  return {
    key: given.key,
    receivedAt: given.receivedAt,
    placement: given.placement ?? INBOX_UNREAD,
    get envelope() {
      envelope ??= envelopeOf(mime(), read().length);
      return envelope;
    },
    raw: read,
    mime,
  };
}
