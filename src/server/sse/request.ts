import type { FastifyRequest } from 'fastify';
import type { OperationRequest } from '../../graphql/operation/operation.ts';
import { isUrlFault, operationInUrl } from '../http/operation-url.ts';

/** A request that cannot be answered with an event stream, because it is none of GraphQL over HTTP. */
export class RequestRefusal extends Error {
  override readonly name = 'RequestRefusal';

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/**
 * Reads an operation from the URL of a GET request or from the body of a POST request (GraphQL over HTTP, section 5).
 * The types of its members are checked when it is executed.
 * @throws RequestRefusal
 */
export function operationIn({ method, url, body }: FastifyRequest): OperationRequest {
  if (method === 'GET') {
    const read = operationInUrl(url);
    if (!isUrlFault(read)) return read as OperationRequest;
    const { parameter, is } = read;
    const message =
      is === 'repeated'
        ? `The URL has the parameter \`${parameter}\` more than once.`
        : `The parameter \`${parameter}\` of the URL is not JSON.`;
    throw new RequestRefusal(400, message);
  }
  if (body !== null && typeof body === 'object' && !Array.isArray(body)) return body as OperationRequest;
  throw new RequestRefusal(400, 'The body of a POST request is a JSON object, with the content type application/json.');
}
