import type { ApolloServerPlugin, BaseContext, GraphQLRequestContextWillSendResponse } from '@apollo/server';
import { STORE_RETRY_AFTER_MS } from '../../platform/database/store/store.limits.ts';
import { retryAfterSeconds } from '../../platform/retry-after.ts';
import { ANSWERED_REFUSALS } from '../errors/error-code.enum.ts';

const RESPONSE_JSON = 'application/graphql-response+json';

type Answered = GraphQLRequestContextWillSendResponse<BaseContext>;

/** Sets the status of a response over HTTP in the cases in which Apollo Server chooses another one. */
export const httpStatus: ApolloServerPlugin<BaseContext> = {
  async requestDidStart() {
    return {
      async willSendResponse(context) {
        answer200(context);
        answer503(context);
      },
    };
  },
};

/**
 * GraphQL over HTTP, section 6.4.1: a response of type application/json has the status 200, whatever its errors are.
 */
function answer200({ request, response }: Answered): void {
  if (response.http.status !== 400 || response.body.kind !== 'single') return;
  if (request.http?.headers.get('accept')?.includes(RESPONSE_JSON)) return;
  const errors = response.body.singleResult.errors ?? [];
  if (errors.length > 0 && errors.every((e) => ANSWERED_REFUSALS.has(e.extensions?.code))) response.http.status = 200;
}

/**
 * Answers 503 if no field of the operation could be resolved, for proxies and for clients that accept the newer media
 * type. With application/json every response to a well-formed request has the status 200.
 */
function answer503({ request, response }: Answered): void {
  if (response.body.kind !== 'single' || !request.http?.headers.get('accept')?.includes(RESPONSE_JSON)) return;
  const { data, errors = [] } = response.body.singleResult;
  if (data || !errors.some((e) => e.extensions?.code === 'STORE_UNAVAILABLE')) return;
  response.http.status = 503;
  response.http.headers.set('retry-after', String(retryAfterSeconds(STORE_RETRY_AFTER_MS)));
}
