import type { World } from '../../world.ts';
import { invalidCredentials, loginRequired } from '../errors.ts';
import type { Grants } from './grants.ts';
import { SCOPES, type Scope } from './scopes.ts';
import type { Tokens } from './tokens.ts';

interface Bearer {
  readonly address: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** The caller of the API and the granted scopes. */
export class Access {
  constructor(
    private readonly world: World,
    private readonly tokens: Tokens,
    private readonly grants: Grants,
  ) {}

  /** Reads the token of the Authorization header, or of the query, which Google still allows. Throws GoogleError 401. */
  authenticate(authorization: string | undefined, search: URLSearchParams): Bearer {
    const given =
      /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? search.get('access_token') ?? search.get('oauth_token');
    if (!given) throw loginRequired();
    const claims = this.tokens.read('access', given);
    if (!claims || !this.grants.stands(claims, this.world.now())) throw invalidCredentials();
    const granted = new Set(claims.scopes);
    const scopes = (Object.keys(SCOPES) as Scope[]).filter((scope) => granted.has(SCOPES[scope]));
    return { address: claims.account, scopes: new Set(scopes) };
  }
}
