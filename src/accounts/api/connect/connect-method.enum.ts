import { registerEnumType } from 'type-graphql';
import { CONNECT_METHODS } from '../../connect/connect-methods.ts';

/** The enum has exactly the methods that connect-methods.ts lists. */
export const ConnectMethodEnum: Readonly<Record<string, string>> = Object.fromEntries(
  CONNECT_METHODS.map(({ method }) => [method, method]),
);

registerEnumType(ConnectMethodEnum, {
  name: 'ConnectMethod',
  description: 'How an account can be connected.',
  valuesConfig: Object.fromEntries(CONNECT_METHODS.map(({ method, description }) => [method, { description }])),
});
