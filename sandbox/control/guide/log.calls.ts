import { type CallGuide, FIRST_ACCOUNT } from './call.ts';

/** The calls that show what the vendors were asked, and what their mailboxes hold. */
export const LOG_CALLS = {
  'GET /control/log': {
    does: 'Returns the requests that the vendors received, oldest first, and their totals. The fields are query parameters. The log keeps the newest 200000 requests.',
    fields: {
      vendor: 'Default: all vendors.',
      account: 'Default: all accounts.',
      since: 'The id of a record, or a time in milliseconds since 1970. Only later records count. Default: 0.',
      limit:
        'The largest number of records that are returned, from 0 to 200000. The newest are returned. Default: 1000.',
    },
    answer:
      '{totals, records}. totals counts all selected records, whatever limit is. Its requests are the API requests, where a batch counts once. inner are the requests inside batches. units are the quota units of Gmail; a request at Microsoft counts as 1, and a batch as what is in it. waves is the longest chain of requests that do not overlap. identity are the requests for sign-in and tokens, which are counted separately. byOperation and byStatus count each operation and each status.',
  },
  'DELETE /control/log': { does: 'Empties the log.', answer: '{cleared: true}' },
  'GET /control/dump': {
    does: 'Returns every message of one account as it is now. The fields are query parameters.',
    fields: FIRST_ACCOUNT,
    answer: '[{id, internetMessageId, mailbox, isDraft}]',
  },
} as const satisfies Record<string, CallGuide>;
