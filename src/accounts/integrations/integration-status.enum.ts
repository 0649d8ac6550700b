import { registerEnumType } from 'type-graphql';

export const IntegrationStatusEnum = {
  CONNECTED: 'CONNECTED',
  RECONNECT_REQUIRED: 'RECONNECT_REQUIRED',
  DISCONNECTED: 'DISCONNECTED',
  ERROR: 'ERROR',
} as const;

registerEnumType(IntegrationStatusEnum, {
  name: 'IntegrationStatus',
  description: 'The state of the grant, not of the last request: an account whose provider is down stays CONNECTED.',
  valuesConfig: {
    CONNECTED: { description: 'The grant is good as far as we know.' },
    RECONNECT_REQUIRED: { description: 'The provider refused the grant for good: the user has to run connect again.' },
    DISCONNECTED: {
      description: 'You disconnected it. Its secret is gone; the id returns when the same address is connected again.',
    },
    ERROR: {
      description:
        'Something that connecting again does not mend, such as an account without a mailbox: the administrator of its organisation or the operator of this gateway can; problem says what. It ends by itself when the account answers again.',
    },
  },
});
