import jwt from 'jsonwebtoken';
import type { JwksClient } from 'jwks-rsa';
import type { FindWatch, WebhookOutcome, WebhookRequest } from '../../contract/watch.ts';
import { watchKey } from './watch.ts';

const ISSUERS: [string, string] = ['https://accounts.google.com', 'accounts.google.com'];
const CERTS = 'https://www.googleapis.com/oauth2/v3/certs';

/**
 * Receives Pub/Sub's notifications. Each is a POST whose OIDC token proves that our service account sent it to this URL. Without
 * a configured service account every notification is refused.
 */
export class PubSubReceiver {
  private keys: Promise<JwksClient> | null = null;

  constructor(
    private readonly oauthUrl: string | null,
    private readonly serviceAccount: string | null,
  ) {}

  async receive(request: WebhookRequest, findWatch: FindWatch): Promise<WebhookOutcome> {
    if (request.method !== 'POST') return answer(405);
    const refusal = await this.refusal(request);
    if (refusal !== null) return answer(refusal);
    const address = addressOf(request.body);
    if (address === null) return answer(400);
    const watches = await findWatch(watchKey(address));
    return {
      reply: { status: 204 },
      notifications: watches.map(({ integrationId }) => ({ integrationId, kind: 'CHANGED' })),
    };
  }

  /** The status of a refusal. Null: the sender is verified. 401: no valid token. 403: a valid token of another account. 503: Google's keys cannot be read. */
  private async refusal({ headers, url }: WebhookRequest): Promise<401 | 403 | 503 | null> {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(headers.authorization ?? '')?.[1];
    const header = token ? jwt.decode(token, { complete: true })?.header : undefined;
    if (!token || header?.alg !== 'RS256' || !header.kid) return 401;
    let key: string;
    try {
      key = (await (await this.openKeys()).getSigningKey(header.kid)).getPublicKey();
    } catch (error) {
      return (error as Error).name === 'SigningKeyNotFoundError' ? 401 : 503;
    }
    let claims: jwt.JwtPayload | string;
    try {
      claims = jwt.verify(token, key, {
        algorithms: ['RS256'],
        issuer: ISSUERS,
        audience: `${url.origin}${url.pathname}`,
        clockTolerance: 30,
      });
    } catch {
      return 401;
    }
    if (typeof claims === 'string' || claims.exp === undefined) return 401;
    const isOurs =
      this.serviceAccount !== null && claims.email === this.serviceAccount && claims.email_verified === true;
    return isOurs ? null : 403;
  }

  /** Loads the library at the first notification, so that the start of the gateway does not wait for it. */
  private openKeys(): Promise<JwksClient> {
    this.keys ??= import('jwks-rsa').then(
      ({ JwksClient }) =>
        new JwksClient({
          jwksUri: this.oauthUrl === null ? CERTS : `${this.oauthUrl}/oauth2/v3/certs`,
          cache: true,
          cacheMaxAge: 3_600_000,
          // Each unknown key id causes a request to Google. The rate limit bounds what a sender can cause.
          rateLimit: true,
          jwksRequestsPerMinute: 10,
          timeout: 5_000,
        }),
    );
    return this.keys;
  }
}

const answer = (status: number): WebhookOutcome => ({ reply: { status }, notifications: [] });

/** The address whose mailbox changed. Null: the body is not a notification of Gmail. */
function addressOf(body: Uint8Array): string | null {
  try {
    const { message } = JSON.parse(Buffer.from(body).toString('utf8')) as { message?: { data?: unknown } };
    const { emailAddress } = JSON.parse(Buffer.from(String(message?.data), 'base64').toString('utf8')) as {
      emailAddress?: unknown;
    };
    return typeof emailAddress === 'string' && emailAddress !== '' ? emailAddress : null;
  } catch {
    return null;
  }
}
