import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { partIdOf } from '../attachment.id.ts';
import { invalidArgument, notFound } from '../errors.ts';
import { type Operation, READ } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { base64url, isText, partAt } from './format.ts';

export const attachments: readonly Operation[] = [
  {
    name: 'messages.attachments.get',
    method: 'GET',
    path: '/messages/{messageId}/attachments/{id}',
    scopes: READ,
    response: SHAPES.partBody,
    run({ account, params }): gmail_v1.Schema$MessagePartBody {
      const message = account.mailbox.get(params.messageId ?? '');
      if (!message) throw notFound();
      const part = partAt(message.mail.mime(), partIdOf(params.id ?? '', message.id));
      if (!part) throw invalidArgument('Invalid attachment token');
      const bytes = isText(part) ? Buffer.from(part.text(), 'utf8') : part.content();
      return { size: bytes.length, data: base64url(bytes) };
    },
  },
];
