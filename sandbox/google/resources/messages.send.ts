import type { World } from '../../world.ts';
import { invalidArgument } from '../errors.ts';
import type { Outbox } from '../outbox.ts';
import { rawOf } from '../outgoing.ts';
import { text, texts } from '../wire/body.ts';
import { COMPOSE, MAX_IMPORT_BYTES, MAX_SEND_BYTES, type Operation } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { changed } from './messages.ts';

/** users.messages.send, and import and insert, which only store a mail in the mailbox. */
export function sending(world: World, outbox: Outbox): readonly Operation[] {
  return [
    {
      name: 'messages.send',
      method: 'POST',
      path: '/messages/send',
      scopes: [...COMPOSE, 'send'],
      request: SHAPES.message,
      response: SHAPES.message,
      upload: MAX_SEND_BYTES,
      run({ account, body, media }) {
        const threadId = text(body, 'threadId');
        return changed(outbox.send(account, rawOf(body, media), (mail) => outbox.threadFor(account, mail, threadId)));
      },
    },
    ...(['messages.import', 'messages.insert'] as const).map(
      (name): Operation => ({
        name,
        method: 'POST',
        path: name === 'messages.import' ? '/messages/import' : '/messages',
        scopes: ['full', 'modify', 'insert'],
        query: {
          deleted: 'flag',
          internalDateSource: ['receivedTime', 'dateHeader'],
          ...(name === 'messages.import' ? { neverMarkSpam: 'flag', processForCalendar: 'flag' } : {}),
        },
        request: SHAPES.message,
        response: SHAPES.message,
        upload: MAX_IMPORT_BYTES,
        run({ account, body, media, query }) {
          const { mailbox } = account;
          const labels = texts(body, 'labelIds');
          const unknown = labels.find((label) => !mailbox.labels.get(label));
          if (unknown !== undefined) throw invalidArgument(`Invalid label: ${unknown}`);
          const mail = outbox.mail(rawOf(body, media, MAX_IMPORT_BYTES));
          const threadId = outbox.threadFor(account, mail, text(body, 'threadId'));
          const source =
            query.text('internalDateSource') ?? (name === 'messages.import' ? 'dateHeader' : 'receivedTime');
          const at = source === 'dateHeader' ? (mail.envelope.date ?? world.now()) : world.now();
          return changed(mailbox.add(mail, new Set(labels), threadId, at));
        },
      }),
    ),
  ];
}
