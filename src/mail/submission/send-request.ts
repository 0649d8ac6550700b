import { createHash } from 'node:crypto';
import { MailError, noSuchIntegration } from '../../domain/error.ts';
import { accountId, singleId } from '../../domain/global-id.ts';
import { withErrorField } from '../account/input-error.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';

/** The arguments of `send`: exactly one of `draft` (a global id) and `message`. */
export interface SendParameters {
  readonly draft?: string | null;
  /** The version of the draft that the user has seen. */
  readonly ifVersion?: string | null;
  readonly message?: ComposeRequest | null;
  readonly idempotencyKey: string;
  /** Absent or in the past: the message is sent now. */
  readonly sendAt?: Date | null;
  readonly undoSeconds?: number | null;
}

/** The validated arguments. Validation makes no request to a provider. */
export interface SendRequest {
  readonly what: { readonly draft: string; readonly ifVersion: string | null } | { readonly message: ComposeRequest };
  readonly idempotencyKey: string;
  /** Null: now. */
  readonly sendAt: Date | null;
  readonly undoSeconds: number;
  /** SHA-256 of all arguments except the key. */
  readonly fingerprint: string;
}

const KEY = /^[\x20-\x7e]{1,200}$/;
const MAX_UNDO_SECONDS = 120;
/** One leap year. */
const MAX_DELAY_MS = 366 * 86_400_000;

/** Throws INVALID with the path of the field. */
export function sendRequestOf(input: SendParameters, now: Date): SendRequest {
  const { idempotencyKey, sendAt = null, draft, ifVersion = null, message } = input;
  const undoSeconds = input.undoSeconds ?? 0;
  if (!KEY.test(idempotencyKey))
    throw invalid('idempotencyKey has 1 to 200 printable ASCII characters.', 'idempotencyKey');
  if (undoSeconds < 0 || undoSeconds > MAX_UNDO_SECONDS)
    throw invalid(`undoSeconds is from 0 to ${MAX_UNDO_SECONDS}; this is ${undoSeconds}.`, 'undoSeconds');
  if (sendAt && sendAt.getTime() - now.getTime() > MAX_DELAY_MS)
    throw invalid(`sendAt is at most a year ahead; this is ${sendAt.toISOString()}.`, 'sendAt');
  if ((draft == null) === (message == null)) throw invalid('Give either a draft or a message.', 'message');
  if (ifVersion !== null && draft == null)
    throw invalid('ifVersion is the version of input.draft; of a revision it is message.ifVersion.', 'ifVersion');
  return {
    what: draft != null ? { draft, ifVersion } : { message: message as ComposeRequest },
    idempotencyKey,
    sendAt,
    undoSeconds,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(canonical({ draft, ifVersion, message, sendAt, undoSeconds })))
      .digest('hex'),
  };
}

const invalid = (message: string, field: string) => new MailError('INVALID', message, { field: ['input', field] });

/** A canonical form for the fingerprint: keys in one order, without absent and null values. */
function canonical(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, canonical(inner)]);
}

/** The integration that the message is sent from. Throws BAD_USER_INPUT with the path of the field. */
export const integrationIdOf = ({ what }: SendRequest): Promise<string> =>
  withErrorField(integrationField(what), () =>
    'draft' in what ? accountId(what.draft, 'Draft').integrationId : singleId(what.message.integration, 'Integration'),
  );

/** The NOT_FOUND error for an account that does not belong to the user. */
export const noSuchAccount = ({ what }: SendRequest): MailError =>
  'draft' in what
    ? new MailError('NOT_FOUND', 'There is no such draft.', { field: integrationField(what) })
    : noSuchIntegration({ field: integrationField(what) });

const integrationField = (what: SendRequest['what']): readonly string[] =>
  'draft' in what ? ['input', 'draft'] : ['input', 'message', 'integration'];

/** The user's draft that the request sends, as it is or revised. */
export function draftOf({ what }: SendRequest): { readonly id: string; readonly field: readonly string[] } | null {
  const id = 'draft' in what ? what.draft : what.message.draft;
  if (id == null) return null;
  const field = 'draft' in what ? ['input', 'draft'] : ['input', 'message', 'draft'];
  return { id: accountId(id, 'Draft').providerId, field };
}

/** The ids of the uploads that the message needs, without duplicates. */
export function uploadsOf({ what }: SendRequest): string[] {
  const ids = 'message' in what ? (what.message.attachments ?? []).flatMap(({ upload }) => upload ?? []) : [];
  return [...new Set(ids)].map((id) => singleId(id, 'Upload'));
}
