import { z } from 'zod';
import type { Sealer } from '../../../platform/secrets/seal.ts';
import type { ExchangedCode } from '../../../providers/contract/authorization-code.ts';
import type { ConnectFlowRecord } from '../connect-flow.ts';

/** What the provider's consent leaves until the flow is finished. */
export interface Consent {
  /** The provider's authorization code. */
  readonly code: string;
  /** What finishes the flow, in the spelling that is compared. */
  readonly token: string;
  /** What the code was traded for, where the provider did not say whose account it is of; absent: the code is not spent. */
  readonly traded?: ExchangedCode<unknown> | undefined;
}

const VERIFIER = 'connect-verifier';
const CONSENT = 'connect-consent';
const Kept = z
  .object({
    secret: z.unknown(),
    accessToken: z.string(),
    expiresAt: z.coerce.date(),
    scopes: z.array(z.string()),
    claimed: z.array(z.string()).default([]),
  })
  .transform(({ secret, ...rest }) => ({ secret, ...rest }));
const Consent = z.object({ code: z.string(), token: z.string(), traded: Kept.optional() });

type FlowKey = Pick<ConnectFlowRecord, 'id' | 'userId'>;

/** Seals what a flow keeps. Bound to its user and its row: copied to another, it does not open. */
export class FlowSeal {
  constructor(private readonly sealer: Sealer) {}

  verifier(flow: FlowKey, codeVerifier: string): Uint8Array<ArrayBuffer> {
    return this.sealer.seal(VERIFIER, place(flow), Buffer.from(codeVerifier));
  }

  consent(flow: FlowKey, consent: Consent): Uint8Array<ArrayBuffer> {
    return this.sealer.seal(CONSENT, place(flow), Buffer.from(JSON.stringify(consent)));
  }

  /** Throws SealError; null when there is none. */
  openVerifier(flow: ConnectFlowRecord): string | null {
    return flow.codeVerifier && Buffer.from(this.sealer.open(VERIFIER, place(flow), flow.codeVerifier)).toString();
  }

  /** Throws SealError; null when there is none. */
  openConsent(flow: ConnectFlowRecord): Consent | null {
    if (!flow.consent) return null;
    return Consent.parse(JSON.parse(Buffer.from(this.sealer.open(CONSENT, place(flow), flow.consent)).toString()));
  }
}

const place = ({ userId, id }: FlowKey): string => `${userId}/${id}`;
