import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';

export const profile: readonly Operation[] = [
  {
    name: 'getProfile',
    method: 'GET',
    path: '/profile',
    scopes: [...READ_METADATA, 'compose'],
    response: SHAPES.profile,
    run: ({ account: { address, mailbox } }): gmail_v1.Schema$Profile => ({
      emailAddress: address,
      messagesTotal: mailbox.timeline.length,
      threadsTotal: mailbox.threadCount,
      historyId: String(mailbox.history.current),
    }),
  },
];
