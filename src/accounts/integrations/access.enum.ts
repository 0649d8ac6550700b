import { registerEnumType } from 'type-graphql';

export const AccessEnum = { READ: 'READ', WRITE: 'WRITE', FULL: 'FULL' } as const;

registerEnumType(AccessEnum, {
  name: 'Access',
  description: 'What the gateway may do in an account; decides which scopes the provider is asked for.',
  valuesConfig: {
    READ: { description: 'Read mail, and nothing else: every mutation on the account is refused.' },
    WRITE: { description: 'Also flag, move, trash, draft and send.' },
    FULL: { description: 'Also delete for ever. Gmail has no narrower scope for that than all of the account.' },
  },
});
