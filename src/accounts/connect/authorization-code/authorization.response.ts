import { MailError } from '../../../domain/error.ts';
import type { AuthorizationRefusal } from '../../../providers/contract/authorization-code.ts';

/** The authorization response that the browser brings from the provider (RFC 6749 4.1.2). */
type AuthorizationResponse = {
  readonly state: string;
  /** The issuer (RFC 9207). Null when the provider does not name itself. */
  readonly iss: string | null;
} & ({ readonly code: string } | AuthorizationRefusal);

/**
 * Throws INVALID for a response that no provider sends: one that repeats a parameter (RFC 6749 3.1), so that it is unclear
 * which value counts, and one with neither a code nor an error.
 */
export function readAuthorization(query: URLSearchParams): AuthorizationResponse {
  const [state, iss, code, error] = ['state', 'iss', 'code', 'error'].map((name) => {
    const values = query.getAll(name);
    if (values.length > 1) throw damaged();
    return values[0] ?? null;
  });
  const from = { state: state ?? '', iss: iss ?? null };
  if (error) {
    const said = (name: string) => query.get(name) ?? '';
    return {
      ...from,
      error,
      description: said('error_description'),
      subtype: said('error_subtype') || said('error_subcode'),
    };
  }
  if (!code) throw damaged();
  return { ...from, code };
}

const damaged = (): MailError =>
  new MailError('INVALID', 'This link is damaged. Go back and connect the account again.');
