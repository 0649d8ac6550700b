import { GraphQLError } from 'graphql';

/** An error of the request. `message` names the argument and says what is allowed; the client sees it unchanged. */
export const badUserInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
