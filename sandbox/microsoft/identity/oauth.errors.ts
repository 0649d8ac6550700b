import { randomUUID } from 'node:crypto';

/** A refusal of the identity platform, as its token endpoint words it. */
export class OAuthError extends Error {
  readonly status: number;
  readonly error: string;
  readonly aadsts: number;
  readonly suberror: string | null;

  constructor(status: number, error: string, aadsts: number, message: string, suberror: string | null = null) {
    super(message);
    this.status = status;
    this.error = error;
    this.aadsts = aadsts;
    this.suberror = suberror;
  }
}

export function oauthErrorBody(error: OAuthError, now: Date) {
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    error: error.error,
    error_description: `AADSTS${error.aadsts}: ${error.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [error.aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${error.aadsts}`,
    ...(error.suberror === null ? {} : { suberror: error.suberror }),
  };
}

export const unknownClient = (clientId: string) =>
  new OAuthError(
    400,
    'unauthorized_client',
    700016,
    `Application with identifier '${clientId}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
  );

export const badRedirect = (uri: string, clientId: string) =>
  new OAuthError(
    400,
    'invalid_request',
    50011,
    `The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'.`,
  );

export const missingParameter = (name: string) =>
  new OAuthError(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`);

export const invalidGrant = (aadsts: number, message: string, suberror: string | null = null) =>
  new OAuthError(400, 'invalid_grant', aadsts, message, suberror);
