import { z } from 'zod';
import type { Sealer } from '../../../platform/secrets/seal.ts';
import { SealedJsonBytes } from '../../../platform/secrets/sealed-json.ts';
import type { ExchangedCode } from '../../../providers/contract/authorization-code.ts';
import { type ConnectFlowRecord, type FlowKey, sealContext } from '../connect-flow.ts';

/** What the provider's consent leaves until the flow is finished. */
export interface Consent {
  /** The provider's authorization code. */
  readonly code: string;
  /** The token or code that finishes the flow, in the spelling that is compared. */
  readonly token: string;
  /** What the provider returned for the code, when it could not say whose account that is. Absent while the code is unused. */
  readonly exchangedCode?: ExchangedCode<unknown> | undefined;
}

const VERIFIER = 'connect-verifier';
const CONSENT = 'connect-consent';
/** The JSON that is sealed. Its names stay as they are: instances of two releases read each other's flows. */
const StoredConsent = z.object({
  code: z.string(),
  token: z.string(),
  traded: z
    .object({
      secret: z.unknown(),
      accessToken: z.string(),
      expiresAt: z.coerce.date(),
      scopes: z.array(z.string()).readonly(),
      claimed: z.array(z.string()).readonly().default([]),
    })
    .transform(({ secret, ...rest }) => ({ secret, ...rest }))
    .optional(),
});

/** Seals what a flow stores. It is bound to the user and the row of the flow, and does not open in another row. */
export class FlowSeal {
  private readonly consents: SealedJsonBytes<typeof StoredConsent>;

  constructor(private readonly sealer: Sealer) {
    this.consents = new SealedJsonBytes(sealer, CONSENT, StoredConsent);
  }

  verifier(flow: FlowKey, codeVerifier: string): Uint8Array<ArrayBuffer> {
    return this.sealer.seal(VERIFIER, sealContext(flow), Buffer.from(codeVerifier));
  }

  consent(flow: FlowKey, { code, token, exchangedCode }: Consent): Uint8Array<ArrayBuffer> {
    return this.consents.seal(sealContext(flow), { code, token, traded: exchangedCode });
  }

  /** Returns null when the flow has no verifier. Throws SealError. */
  openVerifier(flow: ConnectFlowRecord): string | null {
    const { codeVerifier } = flow;
    return codeVerifier && Buffer.from(this.sealer.open(VERIFIER, sealContext(flow), codeVerifier)).toString();
  }

  /** Returns null when the flow has no consent. Throws SealError. */
  openConsent(flow: ConnectFlowRecord): Consent | null {
    if (!flow.consent) return null;
    const { code, token, traded } = this.consents.open(sealContext(flow), flow.consent);
    return { code, token, exchangedCode: traded };
  }
}
