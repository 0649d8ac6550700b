import { z } from 'zod';
import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import { MailError } from '../../domain/error.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedJson } from '../../platform/secrets/sealed-json.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { MailAccount } from '../account/mail-account.ts';

/** Milliseconds for which a link is valid. */
const LIFETIME_MS = 15 * 60_000;
/** Milliseconds for which a link in an answer that is given again is still valid at least. */
const MIN_LEFT_MS = 10 * 60_000;
const MAX_TOKEN_LENGTH = 4_000;
const MAX_NAME_LENGTH = 255;
/** Milliseconds that a download waits for its turn among the downloads of its account. */
const TURN_TIMEOUT_MS = 30_000;

const Ticket = z.object({
  user: z.string(),
  integration: z.string(),
  message: z.string(),
  /** Null: the whole message. */
  attachment: z.string().nullable(),
  filename: z.string(),
  mimeType: z.string(),
  expires: z.number(),
});
type Ticket = z.infer<typeof Ticket>;

export interface Download {
  readonly url: string;
  readonly expiresAt: Date;
}
/** The properties of a file that its link contains. */
export interface DescribedDownload {
  /** The name that the sender gave. It must be encoded before it is used in a header or path. */
  readonly filename: string;
  /** The type that the sender claims. */
  readonly mimeType: string;
  readonly expiresAt: Date;
}
interface OpenedDownload extends DescribedDownload {
  readonly stream: ReadableStream<Uint8Array>;
}

interface DownloadsOptions {
  readonly sealer: Sealer;
  readonly handles: Pick<AccountHandles, 'ofLink'>;
  /** The URL at which clients reach the gateway, without a trailing slash. */
  readonly publicUrl: string;
}

/** Creates the signed links to attachments and raw messages, and opens them for the server's download route. */
export class Downloads {
  private readonly tickets: SealedJson<typeof Ticket>;

  constructor(private readonly options: DownloadsOptions) {
    this.tickets = new SealedJson(options.sealer, 'download', Ticket);
  }

  attachment(account: MailAccount, messageId: string, attachment: Attachment): Download {
    const { id, filename, mimeType } = attachment;
    return this.link(account, { message: messageId, attachment: id, filename: filename ?? 'attachment', mimeType });
  }

  raw(account: MailAccount, messageId: string): Download {
    return this.link(account, {
      message: messageId,
      attachment: null,
      filename: 'message.eml',
      mimeType: 'message/rfc822',
    });
  }

  /**
   * Throws NOT_FOUND for a link that is forged or expired, or whose account is disconnected; RATE_LIMITED when too many
   * files of the account are being read; and the errors of the provider. `cut` is called with the reason when the download
   * is ended because it is read too slowly.
   */
  async open(token: string, signal: AbortSignal, cut: (reason: MailError) => void): Promise<OpenedDownload> {
    const { ticket, handle } = await this.find(token);
    const session = await handle.session();
    const call: Call = { signal, priority: 'interactive', maxTurnMs: TURN_TIMEOUT_MS, cut };
    const stream =
      ticket.attachment === null
        ? await session.readRaw(ticket.message, call)
        : await session.readAttachment(ticket.message, ticket.attachment, call);
    return { stream, ...described(ticket) };
  }

  /** The properties of the file, without a request to the provider. Throws NOT_FOUND like `open`. */
  async describe(token: string): Promise<DescribedDownload> {
    return described((await this.find(token)).ticket);
  }

  /** A link works without a session. The user for whom it was created must still have the account. */
  private async find(token: string): Promise<{ ticket: Ticket; handle: AccountHandle }> {
    const ticket = this.ticketOf(token);
    const link = { userId: ticket.user, expiresAt: new Date(ticket.expires) };
    const handle = await this.options.handles.ofLink(link, ticket.integration);
    if (!handle) throw linkInvalid();
    return { ticket, handle };
  }

  private link(account: MailAccount, file: Omit<Ticket, 'user' | 'integration' | 'expires'>): Download {
    const expires = Date.now() + LIFETIME_MS;
    account.recorder?.until(expires - MIN_LEFT_MS);
    const ticket: Ticket = {
      user: account.integration.userId,
      integration: account.id,
      ...file,
      filename: file.filename.slice(0, MAX_NAME_LENGTH),
      mimeType: file.mimeType.slice(0, MAX_NAME_LENGTH),
      expires,
    };
    const token = this.tickets.seal('', ticket);
    return { url: `${this.options.publicUrl}/download/${token}`, expiresAt: new Date(expires) };
  }

  private ticketOf(token: string): Ticket {
    if (token.length > MAX_TOKEN_LENGTH) throw linkInvalid();
    const ticket = this.tickets.open('', token);
    if (ticket && ticket.expires > Date.now()) return ticket;
    throw linkInvalid();
  }
}

const described = ({ filename, mimeType, expires }: Ticket): DescribedDownload => ({
  filename,
  mimeType,
  expiresAt: new Date(expires),
});

const linkInvalid = (): MailError =>
  new MailError('NOT_FOUND', 'This link is not valid or has expired. Read the download field again to get a new one.');
