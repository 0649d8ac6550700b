import { type CallGuide, FIRST_ACCOUNT, VENDOR } from './call.ts';

/** The calls that deliver mail and create accounts. */
export const MAIL_CALLS = {
  'POST /control/deliver': {
    does: 'Delivers a new mail to one account. The history moves on and webhooks are sent. Give exactly one of raw, rawBase64 and from.',
    fields: {
      ...FIRST_ACCOUNT,
      raw: 'The complete mail as text, with its headers. The fields from to attachments are not used with it.',
      rawBase64: 'The complete mail as bytes in base64. The fields from to attachments are not used with it.',
      from: 'The sender: an address, a string such as Zoe <zoe@mail.example>, or {name?, address}. The mail is composed from this field and the following ones.',
      to: 'One recipient or a list of them, written like from. Default: the account.',
      cc: 'Written like to. Default: nobody.',
      replyTo: 'Written like to. Default: nobody.',
      subject: 'One line. Default: empty.',
      text: 'The plain text. Default: empty without html, and no plain text with it.',
      html: 'The HTML. Default: none.',
      date: 'The time in the Date header. Default: now.',
      receivedAt: 'The time of receipt, also of a raw mail. Default: now.',
      messageId: 'The Message-ID in angle brackets, such as <one@mail.example>. Default: a new one.',
      inReplyTo: 'A list of Message-IDs in angle brackets. Default: none.',
      references: 'A list of Message-IDs in angle brackets. Default: none.',
      headers: 'An object of further headers, each with a value of one line. Default: none.',
      attachments:
        'A list of {filename, mimeType?, contentBase64, contentId?}. The default of mimeType is application/octet-stream. contentId is written without angle brackets. Default: none.',
      mailbox:
        'inbox, sent, archive, drafts, trash, junk or {name}. Default: inbox. This and the following fields also apply to a raw mail.',
      labels: 'A list of names. Google makes labels of them, and Microsoft categories. Default: none.',
      isRead: 'true or false. Default: false.',
      isStarred: 'true or false. Default: false.',
      isImportant: 'true or false. Default: false.',
    },
    answer: '{id, internetMessageId}, where id is the id of the message at the vendor.',
  },
  'GET /control/accounts': { does: 'Lists the accounts.', answer: '[{vendor, address}]' },
  'POST /control/accounts': {
    does: 'Creates an account and fills it with built-in mail.',
    fields: {
      vendor: VENDOR,
      address: 'The address of the new account. Required.',
      name: 'The name of its owner, in one line. Default: the address.',
      messages: 'The number of built-in messages, from 0 to 1000000. Default: 0.',
      side: 'The kind of built-in mail: home or office. Default: home at Google, office at Microsoft.',
    },
    answer: '{vendor, address}',
  },
} as const satisfies Record<string, CallGuide>;
