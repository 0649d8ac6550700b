import { registerEnumType } from 'type-graphql';
import type { MailboxKind } from '../../domain/mailbox.ts';

export const MailboxKindEnum = { FOLDER: 'FOLDER', LABEL: 'LABEL' } as const satisfies { [K in MailboxKind]: K };

registerEnumType(MailboxKindEnum, {
  name: 'MailboxKind',
  description: 'How messages lie in a mailbox.',
  valuesConfig: {
    FOLDER: { description: 'A message is in exactly one folder; filing it moves it.' },
    LABEL: { description: 'A message can carry many labels.' },
  },
});
