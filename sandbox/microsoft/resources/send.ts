import type { Outbox } from '../mailbox/outbox.ts';
import { badRequest } from '../wire/errors.ts';
import { type Answer, accepted, actionBody, type Call, isMimeBody } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { jsonContent, mimeContent } from './drafts.ts';
import { readMessage } from './message.input.ts';
import { requireMatch } from './messages.ts';
import { SEND } from './view.ts';

export const sendRoutes = (outbox: Outbox): readonly Route[] => [
  { method: 'POST', path: '/me/sendMail', scopes: SEND, handle: (call) => sendMail(outbox, call) },
  {
    method: 'POST',
    path: '/me/messages/{message-id}/send',
    scopes: SEND,
    handle: (call) => {
      const item = call.account.mailbox.item(call.ids[0] ?? '');
      requireMatch(call, item);
      outbox.sendDraft(call.account, item);
      return accepted;
    },
  },
];

function sendMail(outbox: Outbox, call: Call): Answer {
  if (isMimeBody(call)) {
    outbox.send(call.account, mimeContent(call), true);
    return accepted;
  }
  const body = actionBody(call);
  const [message, save] = [body.get('message'), body.get('savetosentitems')];
  if (message === undefined) throw badRequest("The required parameter 'Message' is missing.", 'ErrorInvalidParameter');
  outbox.send(call.account, jsonContent(call.account, readMessage(message)), save !== false && save !== 'false');
  return accepted;
}
