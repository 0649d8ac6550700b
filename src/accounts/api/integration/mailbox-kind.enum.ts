import { registerEnumType } from 'type-graphql';
import type { MailboxKind } from '../../../domain/mailbox.ts';

export const MailboxKindEnum = { FOLDER: 'FOLDER', LABEL: 'LABEL' } as const satisfies { [K in MailboxKind]: K };

registerEnumType(MailboxKindEnum, {
  name: 'MailboxKind',
  description: 'Whether a mailbox is a folder or a label.',
  valuesConfig: {
    FOLDER: { description: 'A message is in exactly one folder. To file it elsewhere is to move it.' },
    LABEL: { description: 'A message can have any number of labels.' },
  },
});
