import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ConnectFlowRecord, FLOW_LIFETIME_MS, sealContext } from '../../src/accounts/connect/connect-flow.ts';
import type {
  ConnectHandler,
  ConnectMethodEntry,
  ConnectOutcome,
  ConnectRequest,
  ConnectTools,
  PollOutcome,
} from '../../src/accounts/connect/connect-method.ts';
import { AttemptLimiter } from '../../src/accounts/users/attempt.limiter.ts';
import { MailError } from '../../src/domain/error.ts';
import { SealedJsonBytes } from '../../src/platform/secrets/sealed-json.ts';
import type { Access, ConnectMethod, Exchanged } from '../../src/providers/contract/connect.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';

/** OAuth 2.0's device authorization grant (RFC 8628), as its author writes it. First what a provider owes. */
export interface DeviceCode extends ConnectMethod {
  readonly method: 'DEVICE_CODE';
  /** Requests a device code and a user code (RFC 8628 3.1). */
  authorize(access: Access, signal: AbortSignal): Promise<DeviceAuthorization>;
  /**
   * Asks the token endpoint once (RFC 8628 3.4). Throws a MailError that ends the flow when the user has declined or the
   * code has expired, and a transient one when the endpoint cannot answer.
   */
  redeem(deviceCode: string, signal: AbortSignal): Promise<Exchanged<unknown> | 'authorization_pending' | 'slow_down'>;
}

export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  /** With the user code in it where the provider has such a URI (RFC 8628 3.3.1). */
  readonly verificationUri: string;
  readonly expiresInMs: number;
  readonly intervalMs: number;
}

/** Then the gateway's part. */
export const deviceCode: ConnectMethodEntry = {
  method: 'DEVICE_CODE',
  description: "The user enters a code on the provider's page, on any device.",
  absence: 'has no page for device codes',
  takes: [],
  open: (tools) => new DeviceCodeConnect(tools),
};

const AUTHORIZE_TIMEOUT_MS = 10_000;
/** What `slow_down` adds to the interval (RFC 8628 3.5). */
const SLOW_DOWN_MS = 5_000;
const Pending = z.object({
  deviceCode: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  intervalMs: z.number(),
});

class DeviceCodeConnect implements ConnectHandler<DeviceCode> {
  private readonly perUser = new AttemptLimiter(10, 60_000);
  private readonly pending: SealedJsonBytes<typeof Pending>;

  constructor(private readonly tools: ConnectTools) {
    this.pending = new SealedJsonBytes(tools.sealer, 'connect-device-code', Pending);
  }

  async connect(provider: Provider, offered: DeviceCode, request: ConnectRequest): Promise<ConnectOutcome> {
    const { userId, access, address = null } = request;
    this.perUser.take(userId);
    const { expiresInMs, ...pending } = await offered.authorize(access, AbortSignal.timeout(AUTHORIZE_TIMEOUT_MS));
    const key = { id: randomUUID(), userId };
    const createdAt = this.tools.now?.() ?? new Date();
    const after = (ms: number) => new Date(createdAt.getTime() + ms);
    const flow = await this.tools.flows.create({
      ...key,
      provider: provider.id,
      method: offered.method,
      access,
      address,
      redirectUri: null,
      consent: this.pending.seal(sealContext(key), pending),
      claimUntil: after(pending.intervalMs),
      createdAt,
      expiresAt: after(Math.min(expiresInMs, FLOW_LIFETIME_MS)),
    });
    return { authorizationUrl: pending.verificationUri, flow, pollAfterMs: pending.intervalMs };
  }

  instructions(flow: ConnectFlowRecord, provider: Provider): string | null {
    const pending = this.pendingOf(flow);
    if (!pending) return null;
    return `Open ${pending.verificationUri}, sign in to ${provider.name}, and enter the code ${pending.userCode}. Never give this code to anyone.`;
  }

  async poll(
    flow: ConnectFlowRecord,
    provider: Provider,
    offered: DeviceCode,
    signal: AbortSignal,
  ): Promise<PollOutcome> {
    const pending = this.pendingOf(flow);
    if (!pending)
      throw new MailError('INVALID', `The sign-in at ${provider.name} was lost. Connect the account again.`);
    const answer = await offered.redeem(pending.deviceCode, signal);
    if (answer === 'authorization_pending') return { pollAfterMs: pending.intervalMs };
    if (answer !== 'slow_down') return { exchanged: answer };
    const intervalMs = pending.intervalMs + SLOW_DOWN_MS;
    return { pollAfterMs: intervalMs, state: this.pending.seal(sealContext(flow), { ...pending, intervalMs }) };
  }

  /** Null when the key that sealed it was removed. */
  private pendingOf(flow: ConnectFlowRecord) {
    return flow.consent && this.pending.openOrNull(sealContext(flow), flow.consent);
  }
}

/** The part of a provider whose two endpoints are at `url`. */
export function deviceCodeAt(url: string): DeviceCode {
  const post = async (path: string, body: Record<string, string>, signal: AbortSignal) => {
    const init = { method: 'POST', body: new URLSearchParams({ client_id: 'postern', ...body }), signal };
    const response = await fetch(`${url}${path}`, init).catch((cause: unknown) => {
      throw new MailError('PROVIDER_UNAVAILABLE', 'The provider cannot be reached. Try again.', { cause });
    });
    if (response.status >= 500) throw new MailError('PROVIDER_UNAVAILABLE', 'The provider is unavailable. Try again.');
    return response.json();
  };
  return {
    method: 'DEVICE_CODE',
    authorize: async (access, signal) => {
      const answer = Authorization.parse(await post('/device_authorization', { scope: access.toLowerCase() }, signal));
      return {
        deviceCode: answer.device_code,
        userCode: answer.user_code,
        verificationUri: answer.verification_uri_complete ?? answer.verification_uri,
        expiresInMs: answer.expires_in * 1_000,
        intervalMs: answer.interval * 1_000,
      };
    },
    redeem: async (code, signal) => {
      const grant = 'urn:ietf:params:oauth:grant-type:device_code';
      const answer = Tokens.parse(await post('/token', { grant_type: grant, device_code: code }, signal));
      if (!('error' in answer)) {
        const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, email, scope } = answer;
        const expiresAt = new Date(Date.now() + seconds * 1_000);
        return { secret: { refreshToken }, accessToken, expiresAt, address: email, scopes: scope.split(' ') };
      }
      if (answer.error === 'authorization_pending' || answer.error === 'slow_down') return answer.error;
      if (answer.error === 'access_denied')
        throw new MailError('CONSENT_REQUIRED', 'The access was declined. Connect again and allow it.');
      throw new MailError('INVALID', 'The code has expired. Connect the account again.');
    },
    refresh: () => Promise.reject(new MailError('PROVIDER_UNAVAILABLE', 'This endpoint renews nothing.')),
    revokeAdvice: 'Remove the device in the settings of the account.',
  };
}

const Authorization = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string().optional(),
  expires_in: z.number(),
  /** RFC 8628 3.2: five seconds where the provider names no interval. */
  interval: z.number().default(5),
});
const Tokens = z.union([
  z.object({ error: z.string() }),
  z.object({
    access_token: z.string(),
    refresh_token: z.string(),
    expires_in: z.number(),
    scope: z.string(),
    email: z.string(),
  }),
]);
