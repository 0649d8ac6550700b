import { randomUUID } from 'node:crypto';
import type { UploadSession } from '@microsoft/microsoft-graph-types';
import { z } from 'zod';
import type { Account } from '../mailbox/accounts.ts';
import { attachmentId } from '../mailbox/ids.ts';
import type { Item } from '../mailbox/item.ts';
import { badRequest, GraphError, itemNotFound, staleChangeKey } from '../wire/errors.ts';
import { type Answer, actionBody, type Call, created, noContent, ok } from '../wire/request.ts';
import { Spool, type SpoolFile } from '../wire/spool.ts';
import type { Throttle } from '../wire/throttle.ts';
import { attach } from './drafts.ts';
import { requireDraft } from './message.input.ts';

const MAX_FILE_BYTES = 150 * 1024 * 1024;
/** The exact minimum, as it was measured (msgraph-sdk-java PR 52). The documentation says 3 MB. */
const MIN_FILE_BYTES = 2_097_152;
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
const LIFETIME_MS = 2 * 3600_000;

const itemSchema = z.object({
  attachmentType: z.string().refine((type) => type.toLowerCase() === 'file', 'only files can be uploaded'),
  name: z.string().min(1),
  size: z.number().int().positive(),
  contentType: z.string().nullish(),
  contentId: z.string().nullish(),
  isInline: z.boolean().nullish(),
});

interface Session {
  readonly account: Account;
  readonly item: Item;
  readonly file: z.infer<typeof itemSchema>;
  readonly base: string;
  readonly expiresAt: number;
  readonly bytes: SpoolFile;
}

/**
 * Upload sessions. A file of up to 150 MB is uploaded in pieces to a URL that needs no token. Mail accepts pieces of any length
 * below 4 MB (outlook-large-attachments sends 2,097,152 bytes at a time). Only drives require multiples of 320 KiB.
 */
export class Uploads {
  readonly #throttle: Throttle;
  readonly #spool = new Spool();
  readonly #sessions = new Map<string, Session>();

  constructor(throttle: Throttle) {
    this.#throttle = throttle;
  }

  close(): void {
    this.#sessions.clear();
    this.#spool.close();
  }

  create(call: Call, item: Item): Answer {
    requireReplicated(call.account, item, 'session');
    requireDraft(item);
    const read = itemSchema.safeParse(actionBody(call).get('attachmentitem'));
    if (!read.success)
      throw badRequest(
        `The AttachmentItem is not valid: ${read.error.issues[0]?.path.join('/') ?? ''} ${read.error.issues[0]?.message ?? ''}`,
        'ErrorInvalidParameter',
      );
    if (read.data.size < MIN_FILE_BYTES)
      throw badRequest(
        'The attachment is smaller than an upload session takes.',
        'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
      );
    if (read.data.size > MAX_FILE_BYTES)
      throw new GraphError(
        413,
        'ErrorAttachmentSizeLimitExceeded',
        'The attachment size exceeds the allowable limit of 150 MB.',
      );
    const { account, base } = call;
    const held = item.content.attachments().reduce((sum, { size }) => sum + size, 0);
    if (held + read.data.size > account.maxMessageBytes)
      throw new GraphError(413, 'ErrorMessageSizeExceeded', 'The message exceeds the maximum supported size.');
    const token = randomUUID();
    const session: Session = {
      account,
      item,
      file: read.data,
      base,
      expiresAt: account.mailbox.time() + LIFETIME_MS,
      bytes: this.#spool.file(),
    };
    this.#sessions.set(token, session);
    const uploadUrl = `${base}/api/v2.0/Users('${account.objectId}')/Messages('${item.id}')/AttachmentSessions('${randomUUID()}')?authtoken=${token}`;
    return created({
      '@odata.context': `${base}/v1.0/$metadata#microsoft.graph.uploadSession`,
      uploadUrl,
      ...state(session),
    });
  }

  /** Returns the address of the account that the upload belongs to. Null: there is no such session. */
  accountOf(token: string): string | null {
    return this.#sessions.get(token)?.account.address ?? null;
  }

  /** Answers a PUT, GET or DELETE on an uploadUrl. Throws Graph's errors. */
  serve(method: string, token: string, headers: Readonly<Record<string, string>>, body: Buffer): Answer {
    const session = this.#sessions.get(token);
    if (headers.authorization !== undefined)
      throw new GraphError(401, 'InvalidAudience', 'An upload URL takes no Authorization header.');
    if (!session || session.expiresAt <= session.account.mailbox.time())
      throw new GraphError(404, 'ErrorItemNotFound', 'The upload session was not found.');
    if (method === 'GET') return ok(shown(session));
    if (method === 'DELETE') {
      this.#sessions.delete(token);
      session.bytes.remove();
      return noContent;
    }
    if (method !== 'PUT') throw new GraphError(405, 'ErrorInvalidRequest', 'The OData request is not supported.');
    this.#take(session, headers['content-range'], body);
    if (session.bytes.size < session.file.size) return ok(shown(session));
    this.#sessions.delete(token);
    return finish(session);
  }

  /** Returns whether another session of the same message has received a piece and has not ended. */
  #isOverlapped(session: Session): boolean {
    const { item, account } = session;
    const now = account.mailbox.time();
    return [...this.#sessions.values()].some(
      (other) => other !== session && other.item === item && other.bytes.size > 0 && other.expiresAt > now,
    );
  }

  #take(session: Session, range: string | undefined, body: Buffer): void {
    if (session.bytes.size === 0) requireReplicated(session.account, session.item, 'piece');
    if (this.#isOverlapped(session)) throw staleChangeKey();
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '');
    if (!match) throw badRequest('The Content-Range header is missing or malformed.', 'InvalidContentRange');
    const [first = 0, last = 0, total = 0] = match.slice(1).map(Number);
    if (total !== session.file.size || last - first + 1 !== body.length || last >= total)
      throw badRequest(
        'The Content-Range header does not fit the content or the size of the session.',
        'InvalidContentRange',
      );
    if (first !== session.bytes.size)
      throw new GraphError(416, 'InvalidRange', 'The byte range is not the one that is expected next.');
    if (body.length > MAX_CHUNK_BYTES)
      throw new GraphError(413, 'RequestEntityTooLarge', 'A byte range must be smaller than 4 MB.');
    const refused = this.#throttle.upload(session.account.address, body.length);
    if (refused) throw refused;
    session.bytes.append(body);
  }
}

/** Throws itemNotFound for a message that a lagging replica does not know yet, because it was just created (msgraph-sdk-dotnet#1287). */
function requireReplicated({ uploadLag, mailbox }: Account, item: Item, at: 'session' | 'piece'): void {
  const age = mailbox.time() - item.createdAt.getTime();
  if (uploadLag.at === at && age < uploadLag.ms) throw itemNotFound();
}

function state(session: Session): UploadSession {
  return {
    expirationDateTime: new Date(session.expiresAt).toISOString(),
    nextExpectedRanges: session.bytes.size < session.file.size ? [String(session.bytes.size)] : [],
  };
}

const shown = (session: Session) => ({
  '@odata.context': `${session.base}/v1.0/$metadata#microsoft.graph.uploadSession`,
  ...state(session),
});

function finish({ account, item, file, bytes, base }: Session): Answer {
  const added = attach({ account }, item, {
    kind: 'file',
    name: file.name,
    contentType: file.contentType ?? 'application/octet-stream',
    contentId: file.contentId ?? null,
    isInline: file.isInline ?? false,
    size: bytes.size,
    addedAt: new Date(account.mailbox.time()),
    bytes: () => bytes.read(),
  });
  const id = attachmentId(item.immutableId, added.number);
  return {
    status: 201,
    headers: { Location: `${base}/api/v2.0/Users('${account.objectId}')/Messages('${item.id}')/Attachments('${id}')` },
  };
}
