import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { type ErrorCode, isMailError } from '../../domain/error.ts';
import { encodeId } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import { type Outbound, OutboundRefused } from '../../platform/outbound.ts';
import { writeRefusal } from '../../providers/shared/access.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';
import { replyIdentity } from '../compose/original.ts';
import { type UnsubscribeOptions, unsubscribeOf } from './list-unsubscribe.ts';
import { readMailto } from './mailto.ts';

export type UnsubscribeMethod = 'ONE_CLICK' | 'MAIL';

interface Unsubscribed {
  /** Null: the request was not made. */
  readonly method: UnsubscribeMethod | null;
  /** A page on which a person can unsubscribe, when the request was not made. */
  readonly url: string | null;
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
}

interface UnsubscriberOptions {
  readonly outbound: Pick<Outbound, 'post'>;
  /** Sends the message once for each key, however often it is called. */
  readonly send: (
    account: MailAccount,
    message: ComposeRequest,
    idempotencyKey: string,
  ) => Promise<{ readonly status: string; readonly problem: { readonly message: string } | null }>;
  readonly log: Logger;
}

/** Unsubscribes from mailing lists in the user's name: with a one-click request if the list supports it, else by mail. */
export class Unsubscriber {
  constructor(private readonly options: UnsubscriberOptions) {}

  /** Throws NOT_FOUND, and other errors of the provider for the message. */
  async unsubscribe(account: MailAccount, messageId: string): Promise<Unsubscribed> {
    const message = await account.messages.full(messageId);
    const offered = unsubscribeOf(message.content?.headers ?? []);
    if (!offered) return refused('UNSUPPORTED', 'This message offers no way to unsubscribe.', null);
    const clicked = offered.oneClick ? await this.click(offered) : null;
    if (clicked?.method) return clicked;
    const mailed = offered.mailto === null ? null : await this.mail(account, message, offered.mailto);
    if (mailed?.method) return mailed;
    const url = clicked ? clicked.url : offered.url;
    const problem = clicked?.problem ?? mailed?.problem;
    if (problem) return { method: null, url, problem };
    return refused('UNSUPPORTED', 'The sender offers only a page, which a person has to open.', url);
  }

  /**
   * Makes the one-click request of RFC 8058. It contains nothing that identifies the user. Like every mutation it continues
   * when the client disconnects.
   */
  private async click({ url }: UnsubscribeOptions): Promise<Unsubscribed> {
    if (url === null) throw new TypeError('one click needs a link');
    try {
      const status = await this.options.outbound.post(url, 'List-Unsubscribe=One-Click');
      if (status >= 200 && status < 300) return { method: 'ONE_CLICK', url: null, problem: null };
      return refused(
        'PROVIDER_UNAVAILABLE',
        `The server of the mailing list answered ${status}. Its page may still work.`,
        url,
      );
    } catch (error) {
      if (error instanceof OutboundRefused)
        return refused('UNSUPPORTED', `The link to unsubscribe was not followed. ${error.message}`, null);
      this.options.log.info({ err: error }, 'a list could not be left by one click');
      return refused(
        'PROVIDER_UNAVAILABLE',
        'The server of the mailing list could not be reached. Its page may still work.',
        url,
      );
    }
  }

  private async mail(account: MailAccount, message: Message, mailto: string): Promise<Unsubscribed> {
    const asked = readMailto(mailto);
    if (!asked) return refused('UNSUPPORTED', 'The address for unsubscribing is not valid.', null);
    const refusal = writeRefusal(account.integration.access);
    if (refusal) return refused('FORBIDDEN', refusal.message, null);
    try {
      const identities = await account.identities();
      const input: ComposeRequest = {
        integration: encodeId('Integration', account.id),
        from: replyIdentity(message, identities)?.address ?? null,
        to: [{ address: asked.to }],
        subject: asked.subject,
        text: asked.text,
      };
      const { status, problem } = await this.options.send(account, input, keyOf(message.id, mailto));
      if (status !== 'FAILED' && status !== 'CANCELLED') return { method: 'MAIL', url: null, problem: null };
      return refused('INVALID', `The mail to unsubscribe was not sent. ${problem?.message ?? ''}`.trim(), null);
    } catch (error) {
      if (!isMailError(error) || error.code === 'CURSOR_EXPIRED') throw error;
      return refused(error.code, error.message, null);
    }
  }
}

/** One mail for each message and day: a repeated click sends no second mail, and the next day it can be tried again. */
function keyOf(messageId: string, mailto: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return `unsubscribe:${day}:${createHash('sha256').update(`${messageId}\n${mailto}`).digest('hex')}`;
}

const refused = (code: ErrorCode, message: string, url: string | null): Unsubscribed => ({
  method: null,
  url,
  problem: { code, message },
});
