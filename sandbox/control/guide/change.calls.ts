import { type CallGuide, FIRST_ACCOUNT, TARGET } from './call.ts';

const ACCOUNTS = '{accounts}';

/** The calls that change messages, and those that change how the vendor reports changes. */
export const CHANGE_CALLS = {
  'POST /control/touch': {
    does: 'Changes a message as another client of the account would.',
    fields: {
      ...FIRST_ACCOUNT,
      id: 'The id of the message at the vendor. GET /control/dump lists the ids. Required.',
      change: 'delete, read, unread, archive, trash, inbox, star or unstar. Required.',
    },
    answer: '{id, change}',
  },
  'POST /control/expire-history': {
    does: 'Makes all history ids and delta links that were given out so far too old.',
    fields: TARGET,
    answer: ACCOUNTS,
  },
  'POST /control/spoil-changes': {
    does: 'Loses the next changes of messages, as a hole in the list of changes: the messages are changed, and history.list and the deltas do not say so. A later change of the same message is listed as usual.',
    fields: {
      ...TARGET,
      next: 'The number of the next changes that are lost, from 0 to 1000000. A delivery, a flag, a move and a deletion are one change each. 0 ends it. Required.',
      as: 'omitted: the change is left out. malformed: it is listed as a record that cannot be read, because it names no message. Default: omitted.',
      isNotified: 'true: watches are notified of the changes all the same. Default: false.',
    },
    answer: '{accounts, next, as, isNotified}',
  },
  'POST /control/drop-watches': {
    does: 'Ends the watches and subscriptions without notice.',
    fields: TARGET,
    answer: ACCOUNTS,
  },
  'POST /control/silence-watches': {
    does: 'Makes the existing watches and subscriptions notify of nothing any more. They can still be renewed. New ones notify; at Google, a watch is new only after a stop.',
    fields: TARGET,
    answer: ACCOUNTS,
  },
  'POST /control/duplicates': {
    does: 'Sets whether Microsoft accepts a second subscription to the same changes. Microsoft documents that it answers 409, but was observed to accept the subscription.',
    fields: {
      vendor: 'microsoft. Required.',
      account: TARGET.account,
      duplicates: 'taken: it is accepted. refused: it is answered with 409. Required. Every account starts with taken.',
    },
    answer: '{accounts, duplicates}',
  },
  'POST /control/changes': {
    does: 'Sets how Microsoft reports changes. A field that is left out keeps its value.',
    fields: {
      vendor: 'microsoft. Required.',
      account: TARGET.account,
      readToggles:
        'What a delta says of a message that was only marked read or unread. flag: only id, isRead and parentFolderId, whatever the client selected (microsoft-graph-docs#7776). selected: all selected properties, as Microsoft documents. In both cases the delta leaves the message out if the $select that the token began with has no isRead. Every account starts with flag.',
      updatedAfterCreated:
        'true: new mail is notified twice, as created and, a moment later, as updated. Every account starts with false.',
    },
    answer: '{accounts, readToggles, updatedAfterCreated}, with the fields that were given.',
  },
} as const satisfies Record<string, CallGuide>;
