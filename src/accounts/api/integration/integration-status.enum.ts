import { registerEnumType } from 'type-graphql';

export const IntegrationStatusEnum = {
  CONNECTED: 'CONNECTED',
  RECONNECT_REQUIRED: 'RECONNECT_REQUIRED',
  DISCONNECTED: 'DISCONNECTED',
  ERROR: 'ERROR',
} as const;

registerEnumType(IntegrationStatusEnum, {
  name: 'IntegrationStatus',
  description:
    'Whether the gateway may use an account. A failed request alone does not change it: an account whose provider is down stays CONNECTED.',
  valuesConfig: {
    CONNECTED: { description: 'The grant is valid, as far as the gateway knows.' },
    RECONNECT_REQUIRED: {
      description:
        'The provider permanently refused the grant. The user has to connect the account again with `connect`.',
    },
    DISCONNECTED: {
      description:
        'The user disconnected the account, and its tokens are deleted. The integration keeps its id when the same address is connected again.',
    },
    ERROR: {
      description:
        'There is a problem that connecting again does not solve, such as an account without a mailbox. The administrator of its organisation or the operator of this gateway has to act, and `problem` says how. The status returns to CONNECTED when the account answers again.',
    },
  },
});
