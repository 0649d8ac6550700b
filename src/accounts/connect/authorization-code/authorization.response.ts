import { MailError } from '../../../domain/error.ts';
import type { AuthorizationRefusal } from '../../../providers/contract/authorization-code.ts';

/** What a provider sends the browser back with (RFC 6749 4.1.2). */
type AuthorizationResponse = {
  readonly state: string;
  /** RFC 9207; null where the provider does not name itself. */
  readonly iss: string | null;
} & ({ readonly code: string } | AuthorizationRefusal);

/**
 * Throws INVALID for what no provider sends: a parameter that comes twice (RFC 6749 3.1) leaves it open which one counts,
 * and neither a code nor an error is no decision of anybody's.
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
