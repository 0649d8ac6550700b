import type { Person } from '../../mail/mail.ts';
import type { Account } from '../mailbox/accounts.ts';
import type { Content } from '../mailbox/content.ts';
import { topicOf } from '../mailbox/conversation.ts';
import type { DraftContent } from '../mailbox/draft.ts';
import type { Item } from '../mailbox/item.ts';
import type { Outbox } from '../mailbox/outbox.ts';
import { badRequest } from '../wire/errors.ts';
import { contextOf } from '../wire/links.ts';
import { accepted, actionBody, type Call, created, isMimeBody } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { asHtml, bodyAs, escapeHtml } from './body.ts';
import { addDraft, blankDraft, mimeContent } from './drafts.ts';
import { formatMessage } from './message.format.ts';
import { type MessageInput, readMessage, writeContent } from './message.input.ts';
import { SEND, viewOf, WRITE } from './view.ts';

type Kind = 'reply' | 'replyAll' | 'forward';
const VERBS: Readonly<Record<Kind, number>> = { reply: 102, replyAll: 103, forward: 104 };
const KINDS: readonly Kind[] = ['reply', 'replyAll', 'forward'];

/** createReply, createReplyAll and createForward create a draft. reply, replyAll and forward send it at once. */
export const replyRoutes = (outbox: Outbox): readonly Route[] =>
  KINDS.flatMap((kind): Route[] => [
    {
      method: 'POST',
      path: `/me/messages/{message-id}/create${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`,
      scopes: WRITE,
      handle: (call) => {
        const draft = makeDraft(call, kind);
        const shape = { select: null, expand: new Map() };
        return created({
          '@odata.context': contextOf(call, 'messages/$entity'),
          ...formatMessage(draft, shape, viewOf(call)),
        });
      },
    },
    {
      method: 'POST',
      path: `/me/messages/{message-id}/${kind}`,
      scopes: SEND,
      handle: (call) => {
        const draft = makeDraft(call, kind);
        try {
          outbox.sendDraft(call.account, draft);
        } catch (error) {
          call.account.mailbox.purge(draft);
          throw error;
        }
        return accepted;
      },
    },
  ]);

function makeDraft(call: Call, kind: Kind): Item {
  const { account } = call;
  const { mailbox } = account;
  const original = mailbox.item(call.ids[0] ?? '');
  const content = isMimeBody(call) ? mimeContent(call) : written(call, original, kind);
  return addDraft(account, mailbox.folder('drafts'), content, null, (item) => {
    item.answers = { item: original, verb: VERBS[kind] };
  });
}

function written(call: Call, original: Item, kind: Kind): Content {
  const { account } = call;
  const body = actionBody(call);
  const message = body.has('message') && body.get('message') !== null ? readMessage(body.get('message')) : null;
  const comment = typeof body.get('comment') === 'string' ? String(body.get('comment')) : null;
  if (comment !== null && message?.body)
    throw badRequest('Comment and Body cannot both be specified.', 'ErrorInvalidParameter');
  const to = recipientsParameter(body.get('torecipients'));
  if (to && message?.toRecipients) throw badRequest('ToRecipients cannot be specified twice.', 'ErrorInvalidParameter');
  const draft = blankDraft(account);
  address(draft, account, original, kind);
  const { envelope } = original.content;
  draft.subject = `${kind === 'forward' ? 'Fw' : 'Re'}: ${originalTopic(envelope.subject)}`;
  draft.inReplyTo = envelope.messageId ? [envelope.messageId] : [];
  draft.references = [...envelope.references, ...draft.inReplyTo];
  draft.text = { type: 'html', content: quote(original, comment ?? '') };
  for (const attachment of original.content.attachments())
    if (kind === 'forward' || attachment.isInline) draft.attach(attachment);
  const now = new Date(account.mailbox.time());
  if (to) writeContent(draft, { toRecipients: to }, now);
  if (message) writeContent(draft, message, now);
  return draft;
}

function recipientsParameter(given: unknown): MessageInput['toRecipients'] {
  return given === undefined || given === null ? undefined : readMessage({ toRecipients: given }).toRecipients;
}

function address(draft: DraftContent, account: Account, original: Item, kind: Kind): void {
  if (kind === 'forward') return;
  const { from, replyTo, to, cc } = original.content.envelope;
  const others = (people: readonly Person[]) =>
    people.filter((person) => person.address.toLowerCase() !== account.address.toLowerCase());
  const isOwn = from?.address.toLowerCase() === account.address.toLowerCase();
  // A reply to the user's own mail is addressed to the recipients of that mail.
  const answered = isOwn ? to : replyTo.length > 0 ? replyTo : from ? [from] : [];
  draft.to = kind === 'replyAll' ? unique([...answered, ...others(isOwn ? [] : to)]) : answered;
  if (kind === 'replyAll') draft.cc = others(cc);
}

function unique(people: readonly Person[]): Person[] {
  return [...new Map(people.map((person) => [person.address.toLowerCase(), person])).values()];
}

/** Returns the subject without the prefixes before its topic. */
function originalTopic(subject: string): string {
  const trimmed = subject.trim();
  return trimmed.slice(trimmed.length - topicOf(trimmed).length);
}

function quote(original: Item, comment: string): string {
  const { envelope } = original.content;
  const person = ({ name, address: email }: Person) => escapeHtml(name ? `${name} <${email}>` : email);
  const lines = [
    `<b>From:</b> ${envelope.from ? person(envelope.from) : ''}`,
    `<b>Sent:</b> ${escapeHtml((envelope.date ?? original.receivedAt).toUTCString())}`,
    `<b>To:</b> ${envelope.to.map(person).join('; ')}`,
    ...(envelope.cc.length > 0 ? [`<b>Cc:</b> ${envelope.cc.map(person).join('; ')}`] : []),
    `<b>Subject:</b> ${escapeHtml(envelope.subject)}`,
  ];
  const quoted = `<hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">${lines.join('<br>\r\n')}</div>`;
  const html = bodyAs(original.content.body(), 'html').content ?? '';
  const opening = /<body[^<>]*>/i.exec(html);
  const intro = `${comment === '' ? '' : bodyOf(asHtml(comment))}${quoted}`;
  if (!opening) return `${intro}${html}`;
  const at = opening.index + opening[0].length;
  return `${html.slice(0, at)}${intro}${html.slice(at)}`;
}

const bodyOf = (html: string) => /<body>([\s\S]*)<\/body>/.exec(html)?.[1] ?? html;
