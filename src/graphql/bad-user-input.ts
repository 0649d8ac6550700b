import { GraphQLError } from 'graphql';

/** The request is at fault: `message` names the argument and says what is allowed. The caller sees it unchanged. */
export const badUserInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
