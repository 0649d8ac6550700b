import { registerEnumType } from 'type-graphql';

export const AccessEnum = { READ: 'READ', WRITE: 'WRITE', FULL: 'FULL' } as const;

registerEnumType(AccessEnum, {
  name: 'Access',
  description: 'What the gateway may do in an account. It decides which scopes the provider is asked for.',
  valuesConfig: {
    READ: { description: 'Read mail only. Every mutation that changes or sends mail is refused with FORBIDDEN.' },
    WRITE: { description: 'Read mail, and also flag, move, trash, draft and send it.' },
    FULL: {
      description:
        'Everything in WRITE, and also delete mail permanently (`deleteForever`). At Gmail this needs the scope for full access to the account: there is no narrower one.',
    },
  },
});
