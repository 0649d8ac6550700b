import { TWINS } from '../twins.ts';

const VENDORS = TWINS.map(({ vendor }) => vendor).join(' or ');

const SEARCH_WAYS = TWINS.map(({ vendor, searchWays }) => {
  const ways = Object.entries(searchWays).map(([way, values]) => `${way}: ${values.join('|')}`);
  return `${vendor} {${ways.join(', ')}}`;
}).join(', ');

/** The manual of the control API, which GET /control returns. */
export const GUIDE = {
  about: `Does to the emulated ${TWINS.map(({ name }) => name).join(' and ')} what the world does to the real ones. JSON in, JSON out; a wrong request is answered with 400 and what to do. vendor is ${VENDORS}. Without account: the first one (deliver, touch, dump), or all of them.`,
  mail: `Mail sent from one account to another arrives there. An address whose local part begins with "bounce", and one at ${TWINS.map(({ domain }) => domain).join(' or ')} that has no account, takes none: a delivery report comes back to the sender. Every Google account demo@gmail.example may also send as demo.alias@gmail.example, whose mail arrives in it; demo.unproven@gmail.example is listed under sendAs, not yet verified.`,
  calls: {
    'GET /control': 'this page',
    'POST /control/deliver':
      '{vendor, account?, raw | rawBase64 | from, to?, cc?, replyTo?, subject?, text?, html?, date?, receivedAt?, messageId?, inReplyTo?, references?, headers?, attachments?: [{filename, mimeType?, contentBase64, contentId?}], mailbox?: inbox|sent|archive|drafts|trash|junk|{name}, labels?, isRead?, isStarred?, isImportant?} -> {id, internetMessageId}. New mail: history moves on and webhooks are sent.',
    'GET /control/accounts': '-> [{vendor, address}]',
    'POST /control/accounts':
      '{vendor, address, name?, messages?, side?: home|office}: makes an account, filled with built-in mail',
    'GET /control/faults': '-> [{id, fault, met}]',
    'POST /control/faults':
      '{vendor, account?, operation?, status?, error?, retryAfterSeconds?, retryAfter?, latencyMs?, hang?: true|release, loseAnswer?, truncate?, body?, emptyPage?, pageSize?, webhook?: lose|repeat, times?, share?, seed?} -> {id}. operation is a name as the log shows it ("messages.list", "drafts.create upload" for the pieces of a resumable upload, "GET /me/messages", "token", "batch", "POST /$batch", "webhook"), or its beginning with *. times: how many requests it meets; share: which part of them, 0 to 1: every nth, or with a seed those that it picks, always the same. hang: true takes requests and never answers them, not even once the fault is cleared, as a connection to a server that died; release answers them when the fault is cleared, as a server that was stuck. Both for one account, or for all of the vendor. body: what the answer says, as JSON or not: with status instead of an error of the vendor, without it once what was asked is done. error: one of `errors` below by its name, with its own status unless another is given. retryAfterSeconds: how long to wait, told as the vendor does: Gmail says it in the words of a 403 or 429 ("User-rate limit exceeded.  Retry after 2026-…Z"), everything else in Retry-After. retryAfter: that header word for word, as an HTTP date say. emptyPage: history.list, and any list or delta at Graph, answer nothing and where it goes on. pageSize: a list of messages at Graph answers so many at most, whatever was asked for, and where it goes on.',
    'DELETE /control/faults[/:id]': 'clears all faults, or one',
    'POST /control/expire-tokens': '{vendor, account?}: access tokens stop working; refreshing still does',
    'POST /control/refuse-tokens':
      '{vendor, account?, areRefused}: the API answers 401 to every access token, however new, while refreshing goes on',
    'POST /control/revoke': '{vendor, account?}: the grant is gone; refreshing answers invalid_grant',
    'POST /control/expire-history': '{vendor, account?}: history ids and delta links given so far are too old',
    'POST /control/drop-watches': '{vendor, account?}: watches and subscriptions die without a word',
    'POST /control/silence-watches':
      '{vendor, account?}: the watches and subscriptions that there are tell of nothing any more, though they can be renewed; new ones do (at Google: after a stop)',
    'POST /control/duplicates':
      '{vendor: microsoft, account?, duplicates: taken|refused}: what becomes of a second subscription to the same changes. Microsoft documents 409, and takes it in the field; taken at first',
    'POST /control/search-lag':
      '{vendor, account?, seconds}: mail that comes from now on is found by search only so much later; at Google 0 lets all that waited be found',
    'POST /control/search-index': `{vendor, account?, accents?, underscore?, forms?, unspaced?, sender?, messageIds?, order?}: how the index keeps words and gives what it finds, where the vendor does not say: ${SEARCH_WAYS}. accents: whether é is e (at Microsoft also ligatures and full width are told apart with kept). underscore: whether _ is part of a word. forms: whether quoted words are found whole, also by their stems ("starts" finds "starting"), or a single one by its beginning. unspaced: whether each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is a word, or all between two signs. sender: whether from: finds the Sender header too. messageIds: whether rfc822msgid: tells the case apart. order: whether results are sorted by the date that was written, as Microsoft documents, or by when they were received. The first of each at first, and of what is left out`,
    'POST /control/sending':
      '{vendor: microsoft, account?, lagSeconds?, meanwhile?: draft|absent, ids?: kept|changed}: after 202 the message is sent only so much later, and until then a draft with mfSubmitted in its PidTagMessageFlags, or not to be found; the sent copy has the id of the draft, or another one. What is left out is as at first: at once, draft, kept. What is still to be sent goes at once. {vendor: google, account?, messageId?: kept|original|replaced}: the Message-ID of what is sent stays as it was written, or gives way to another, beside which it is kept in X-Google-Original-Message-ID (at first), or is lost.',
    'POST /control/replica-lag':
      '{vendor: microsoft, account?, seconds, at?: session|piece}: for so long after a message was made an upload session for it (at first), or its first piece, answers 404 ErrorItemNotFound. Two sessions of one message at a time answer 412 always.',
    'POST /control/headers':
      '{vendor: google, account?, spelling: written|decoded}: header values are listed as they were written, or with encoded words decoded and names without quotes. Google documents neither; written at first, or as SANDBOX_HEADERS says',
    'POST /control/changes':
      '{vendor: microsoft, account?, readToggles?: flag|selected, updatedAfterCreated?}: readToggles is what a delta says of a message that was only read or unread: id, isRead and parentFolderId alone, whatever was selected (flag, at first; microsoft-graph-docs#7776), or all that was selected, as the documentation has it. Without isRead in the $select that the token began with, nothing. updatedAfterCreated: new mail is notified twice, as created and, a moment later, as updated',
    'POST /control/limits':
      '{vendor: microsoft, account?, maxMessageBytes}: the largest message that may be sent, as an administrator of Exchange sets it; 36700160 (35 MB) at first, 157286400 (150 MB) at most. {vendor: google, account?, batchWidth}: how many parts of a batch are answered; of those past it, every second draws 429. 50 at first, as Google advises; 25 is what was measured in the field',
    'POST /control/sign-in':
      '{vendor, account?, refusal, at?: [consent|exchange|refresh]}: signing in is refused in these words of the vendor: invalid_rapt, invalid_rapt_untyped (told in the description alone), admin_policy_enforced, invalid_client, deleted_client or disabled_client (google); AADSTS90093, AADSTS90094 (an administrator has to approve, on the page of /{tenant}/adminconsent), AADSTS65001, AADSTS50076, AADSTS50079, AADSTS53003, AADSTS50131, AADSTS50105, AADSTS70043, AADSTS7000112 or AADSTS7000222 (microsoft). at: on the way back from the consent page, for the code, or at a refresh; absent: at all of them. null: no more',
    'POST /control/mailbox':
      '{vendor, account?, refusal}: the account has no mailbox, though people sign in to it, and says so in these words of the vendor: failedPrecondition (google); MailboxNotEnabledForRESTAPI, MailboxNotSupportedForRESTAPI, ErrorNonExistentMailbox, ResourceNotFound or OrganizationFromTenantGuidNotFound (microsoft). null: it has one',
    'POST /control/threading':
      '{vendor: google, account?, subjects: join|apart}: whether mail that refers to nothing joins the thread in which the same people wrote under that subject within a week; join at first. A thread breaks off at 100 messages either way',
    'POST /control/touch':
      '{vendor, account?, id, change: delete|read|unread|archive|trash|inbox|star|unstar}: as another client would',
    'GET /control/log':
      '?vendor=&account=&since=&limit= -> {totals, records}. since is a record id or milliseconds since 1970. totals: requests (a batch is one), inner (those in batches), units (quota), waves (longest chain of requests that do not overlap), identity (sign-in and tokens, counted apart).',
    'DELETE /control/log': 'forgets the requests so far',
    'GET /control/dump': '?vendor=&account= -> every message of the account as it is now',
  },
  errors: Object.fromEntries(TWINS.map(({ vendor, errors }) => [vendor, errors])),
} as const;
