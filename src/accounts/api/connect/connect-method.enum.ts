import { registerEnumType } from 'type-graphql';
import { CONNECT_METHODS } from '../../connect/connect-methods.ts';

/** Only what works: the enum grows with the ways to connect. */
export const ConnectMethodEnum: Readonly<Record<string, string>> = Object.fromEntries(
  CONNECT_METHODS.map(({ method }) => [method, method]),
);

registerEnumType(ConnectMethodEnum, {
  name: 'ConnectMethod',
  description: 'How an account can be connected.',
  valuesConfig: Object.fromEntries(CONNECT_METHODS.map(({ method, description }) => [method, { description }])),
});
