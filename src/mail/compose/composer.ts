import { type Address, sameAddress } from '../../domain/address.ts';
import type { Compose, ComposeAttachment } from '../../domain/compose.ts';
import { MailError, noSuchMessage } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import type { Identity } from '../../providers/contract/mail-session.ts';
import { type FieldPath, invalid, withErrorField, within } from '../account/input-error.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import { type AttachmentSource, checkTotal, filesOf, resolveFiles } from './attachments.ts';
import { aboveQuote, type Body, checkBody, withText } from './body.ts';
import type { ComposeRequest } from './compose-request.ts';
import { addressesOf, oneLine } from './header-text.ts';
import { type Defaults, defaultsFrom, MAX_FORWARDED_FILES, type Original, quoteOf } from './original.ts';
import { defaultsFromDraft, keptFiles, readDraft } from './stored-draft.ts';

/** Both providers accept this number of recipients. */
const MAX_RECIPIENTS = 500;

interface ComposerOptions {
  readonly uploads: AttachmentSource;
}

/** The user's accounts. The original or a file can be in another account than the new message. */
type Accounts = Pick<ViewerMail, 'find'>;

/**
 * send: the message must have recipients, and is the field input.message. draft: it may be incomplete, and is the input
 * itself.
 */
type Purpose = 'send' | 'draft';
const INPUT_PATHS: Record<Purpose, FieldPath> = { send: ['input', 'message'], draft: ['input'] };

const NOTHING: Defaults = {
  from: null,
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: '',
  inReplyTo: [],
  references: [],
  origin: null,
};

/** Makes the message for the provider from a request. */
export class Composer {
  constructor(private readonly options: ComposerOptions) {}

  /**
   * Reads what the request refers to, and changes nothing. Throws INVALID, NOT_FOUND, BAD_USER_INPUT or CONFLICT with the
   * path of the field when the client can correct the request, and otherwise the error of the provider. A revised draft
   * keeps its Message-ID. A message that is sent gets `internetMessageId`, which distinguishes it from other revisions of
   * its draft.
   */
  async compose(
    accounts: Accounts,
    account: MailAccount,
    input: ComposeRequest,
    internetMessageId: string,
    purpose: Purpose = 'send',
  ): Promise<Compose> {
    try {
      const compose = await this.written(accounts, account, input, internetMessageId, purpose);
      checkRecipients(compose, purpose);
      return compose;
    } catch (error) {
      throw within(INPUT_PATHS[purpose], error);
    }
  }

  private async written(
    accounts: Accounts,
    account: MailAccount,
    input: ComposeRequest,
    internetMessageId: string,
    purpose: Purpose,
  ): Promise<Compose> {
    const given = {
      to: input.to && addressesOf('to', input.to),
      cc: input.cc && addressesOf('cc', input.cc),
      bcc: input.bcc && addressesOf('bcc', input.bcc),
      replyTo: input.replyTo && addressesOf('replyTo', input.replyTo),
      subject: typeof input.subject === 'string' ? oneLine(input.subject, ['subject']) : null,
      body: typeof input.text === 'string' || typeof input.html === 'string' ? bodyOf(input) : null,
    };
    if (given.body) checkBody(given.body);
    if (input.ifVersion != null && input.draft == null)
      throw invalid('ifVersion is the version of a draft. Give the draft as well.', ['ifVersion']);
    const [original, draft, files] = await Promise.all([
      this.original(accounts, account, input),
      input.draft != null ? readDraft(account, input.draft, input.ifVersion ?? null) : null,
      input.attachments && resolveFiles(input.attachments, this.filesFor(accounts, account)),
    ]);
    // A new message needs the identities too: its default sender is the default identity, which need not be the account's
    // address.
    const asked = original !== null || draft === null || input.from != null;
    const identities = asked ? await account.identities() : [];
    const defaults = original
      ? defaultsFrom(original, account, identities)
      : draft
        ? await defaultsFromDraft(account, draft)
        : NOTHING;
    const usedContentIds = new Set((files ?? []).flatMap(({ file }) => file.contentId ?? []));
    const { body, attachments: brought } = original
      ? await this.withOriginal(original, given.body, files, usedContentIds, input.quote !== false)
      : {
          body: withText(given.body ?? bodyOfMessage(draft)),
          attachments: draft && !files ? await keptFiles(account, draft) : [],
        };
    const attachments = [...(files ?? []).map(({ file }) => file), ...brought];
    checkTotal(attachments, files?.length ?? 0, account.capabilities.maxAttachmentBytes, account.integration.address);
    return {
      ...defaults,
      from:
        input.from != null ? identity(account, identities, input.from) : (defaults.from ?? defaultIdentity(identities)),
      to: given.to ?? defaults.to,
      cc: given.cc ?? defaults.cc,
      bcc: given.bcc ?? defaults.bcc,
      replyTo: given.replyTo ?? defaults.replyTo,
      subject: given.subject ?? defaults.subject,
      text: body.text,
      html: body.html,
      attachments,
      internetMessageId: (purpose === 'draft' && draft?.internetMessageId) || internetMessageId,
    };
  }

  /** The body with the quoted original, the images of the quote, and the files of a forwarded message. */
  private async withOriginal(
    original: Original,
    written: Body | null,
    files: Awaited<ReturnType<typeof resolveFiles>> | null | undefined,
    usedContentIds: ReadonlySet<string>,
    quoted: boolean,
  ): Promise<{ body: Body; attachments: readonly ComposeAttachment[] }> {
    const { account, kind, message } = original;
    const wanted = new Map<string, string | null>();
    const forward = kind === 'forward';
    const all = message.content?.attachments ?? [];
    const rich = (message.content?.html ?? null) !== null;
    const own = written ?? { text: null, html: null };
    let body: Body;
    if (quoted) {
      const { quote, shown } = quoteOf(original, usedContentIds);
      body = aboveQuote(own, quote, rich && (forward || written === null));
      if (body.html !== null) for (const [id, contentId] of shown) wanted.set(id, contentId);
    } else {
      body = withText(own);
    }
    // A list that is empty, or that names a file of the original, is the complete list of files.
    const chosen = files != null && (files.length === 0 || files.some(({ messageId }) => messageId === message.id));
    if (forward && !chosen) for (const { id } of all) if (!wanted.has(id)) wanted.set(id, null);
    if (wanted.size > MAX_FORWARDED_FILES)
      throw invalid(
        `The message has ${wanted.size} files; at most ${MAX_FORWARDED_FILES} are forwarded. List the ones that you want in attachments.`,
        ['forward'],
      );
    return { body, attachments: await filesOf(account, message, wanted) };
  }

  private async original(accounts: Accounts, account: MailAccount, input: ComposeRequest): Promise<Original | null> {
    const { reply, replyAll, forward } = input;
    if (reply != null && forward != null) throw invalid('Give either reply or forward, not both.', ['forward']);
    if (replyAll && reply == null) throw invalid('replyAll needs reply, the message to reply to.', ['replyAll']);
    if (reply == null && forward == null) return null;
    const field = reply != null ? 'reply' : 'forward';
    return withErrorField([field], async () => {
      const { integrationId, providerId } = accountId((reply ?? forward) as string, 'Message');
      const source = await accountOf(accounts, account, integrationId);
      if (!source) throw noSuchMessage();
      const message = await source.messages.full(providerId);
      if (message.isDraft)
        throw new MailError('INVALID', 'A draft has not been sent: it cannot be replied to or forwarded.');
      return { kind: reply != null ? (replyAll ? 'replyAll' : 'reply') : 'forward', account: source, message };
    });
  }

  private filesFor(accounts: Accounts, account: MailAccount) {
    const { userId } = account.integration;
    return { userId, uploads: this.options.uploads, account: (id: string) => accountOf(accounts, account, id) };
  }
}

/** The account with this id; null when it is none of the user's. */
async function accountOf(accounts: Accounts, own: MailAccount, integrationId: string): Promise<MailAccount | null> {
  return integrationId === own.id ? own : accounts.find(integrationId);
}

const bodyOf = ({ text, html }: ComposeRequest): Body => ({ text: text ?? null, html: html ?? null });
const bodyOfMessage = (message: Message | null): Body => ({
  text: message?.content?.text ?? null,
  html: message?.content?.html ?? null,
});

function identity(account: MailAccount, identities: readonly Identity[], from: string): Address {
  const found = identities.find(({ address }) => sameAddress(address, from));
  if (found) return { name: found.name, address: found.address };
  const own = identities.map(({ address }) => address).join(', ');
  throw invalid(`${account.integration.address} cannot send from this address. It can send from ${own}.`, ['from']);
}

function defaultIdentity(identities: readonly Identity[]): Address | null {
  const chosen = identities.find(({ isDefault }) => isDefault);
  return chosen ? { name: chosen.name, address: chosen.address } : null;
}

function checkRecipients({ to, cc, bcc }: Compose, purpose: Purpose): void {
  const count = to.length + cc.length + bcc.length;
  if (count === 0 && purpose === 'send')
    throw invalid('A message needs at least one recipient in to, cc or bcc.', ['to']);
  if (count > MAX_RECIPIENTS)
    throw invalid(`A message may have at most ${MAX_RECIPIENTS} recipients; this one has ${count}.`, ['to']);
}
