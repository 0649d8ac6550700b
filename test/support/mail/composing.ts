import { randomUUID } from 'node:crypto';

import type { Compose, ComposeAttachment, ComposeOrigin } from '../../../src/domain/compose.ts';
import { isMailError } from '../../../src/domain/error.ts';
import type { Message } from '../../../src/domain/message.ts';
import { isUnreadable } from '../../../src/providers/contract/list.ts';
import type { Draft, MailSession } from '../../../src/providers/contract/mail-session.ts';
import { type Account, interactive } from '../app/lab.ts';

/** Returns a message to be written, with a new Message-ID. */
export const compose = (given: Partial<Compose> = {}): Compose => ({
  from: null,
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'A subject',
  text: 'A text.',
  html: null,
  attachments: [],
  inReplyTo: [],
  references: [],
  origin: null,
  internetMessageId: `${randomUUID()}@postern.test`,
  ...given,
});

/** Returns a file that is read in pieces of uneven length. */
export function file(
  filename: string,
  bytes: Uint8Array,
  given: Partial<ComposeAttachment> = {},
): ComposeAttachment & { readonly opened: number } {
  let opened = 0;
  return {
    filename,
    mimeType: 'application/octet-stream',
    sizeBytes: bytes.length,
    contentId: null,
    async open() {
      opened++;
      let at = 0;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.subarray(at, at + 100_003));
          at += 100_003;
        },
      });
    },
    ...given,
    get opened() {
      return opened;
    },
  };
}

/** Returns bytes that every transfer encoding must encode, the same each time. */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 42;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Returns a reply to the original or a forward of it, with the recipients and references that a mail program sets. */
export function answer(kind: ComposeOrigin['kind'], original: Message, given: Partial<Compose> = {}): Compose {
  const prefix = kind === 'forward' ? 'Fwd: ' : 'Re: ';
  const own = original.internetMessageId === null ? [] : [original.internetMessageId];
  return compose({
    to: kind === 'forward' || original.from === null ? [] : [original.from],
    subject: /^(re|fwd?): /i.test(original.subject) ? original.subject : prefix + original.subject,
    inReplyTo: own,
    references: [...(original.content?.references ?? []), ...own],
    origin: { kind, messageId: original.id, threadId: original.threadId },
    ...given,
  });
}

/** Saves and sends a message, and returns the full sent copy. */
export async function sends(account: Account, message: Compose): Promise<Message> {
  const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive());
  return sendsDraft(account, draft);
}

/** Sends a draft and returns the full sent copy. Gmail may replace the Message-ID of the draft. */
export async function sendsDraft({ session }: Account, draft: Draft): Promise<Message> {
  const { messageId } = await session.send(draft.id, interactive());
  return messageId === null ? mailCalled(session, draft.message.internetMessageId ?? '') : read(session, messageId);
}

/** Returns the full message with this Message-ID. Throws when it is not among the newest fifty. */
export async function mailCalled(session: MailSession, internetMessageId: string): Promise<Message> {
  const { items } = await session.listMessages(
    { mailboxId: null, where: null },
    { size: 50, after: null },
    interactive(),
  );
  const found = items.find((m) => !isUnreadable(m) && m.internetMessageId === internetMessageId);
  if (!found) throw new Error(`no message ${internetMessageId}`);
  return read(session, found.id);
}

export async function read(session: MailSession, id: string): Promise<Message> {
  const [message] = await session.getMessages([id], 'full', interactive());
  if (!message || isMailError(message)) throw message ?? new Error('no answer');
  return message;
}

/** Returns the bytes of each attachment, by its file name. */
export async function filesOf(session: MailSession, message: Message): Promise<Map<string | null, Buffer>> {
  const files = new Map<string | null, Buffer>();
  for (const { id, filename } of message.content?.attachments ?? []) {
    const stream = await session.readAttachment(message.id, id, interactive());
    files.set(filename, Buffer.from(await new Response(stream).arrayBuffer()));
  }
  return files;
}
