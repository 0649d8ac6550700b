import { randomBytes } from 'node:crypto';
import { approveConsent } from '../../sandbox/consent.ts';

type ProviderName = 'GMAIL' | 'OUTLOOK';
export interface Mailbox {
  readonly provider: ProviderName;
  readonly address: string;
}

/** A user of a gateway, as a client program sees it. */
export class Client {
  private constructor(
    readonly graphqlUrl: string,
    private readonly token: string,
  ) {}

  get headers(): Record<string, string> {
    return { 'content-type': 'application/json', authorization: `Bearer ${this.token}` };
  }

  /** Registers a new user of the gateway at `url`. */
  static async register(url: string): Promise<Client> {
    const input = { email: `bench-${randomBytes(4).toString('hex')}@people.example`, password: 'a good long password' };
    const { register } = await post<{ register: { session: { accessToken: string } } }>(
      `${url}/graphql`,
      { 'content-type': 'application/json' },
      'mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken } } }',
      { input },
    );
    return new Client(`${url}/graphql`, register.session.accessToken);
  }

  /** Connects an account through the whole flow. `consent` acts as the person in front of the page of the provider. */
  async connect(
    mailbox: Mailbox,
    consent: (authorizationUrl: string, address: string) => Promise<string> = approveConsent,
  ): Promise<void> {
    const { connect } = await this.query<{ connect: { authorizationUrl: string } }>(
      'mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl } }',
      { input: { ...mailbox, access: 'READ' } },
    );
    const token = await consent(connect.authorizationUrl, mailbox.address);
    await this.query('mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id } } }', {
      input: { token },
    });
  }

  /**
   * Sends a query. Throws if there are errors, or if a source of a list is incomplete, because half a page must not be
   * measured.
   */
  async query<T>(document: string, variables: object = {}): Promise<T> {
    return post<T>(this.graphqlUrl, this.headers, document, variables);
  }
}

async function post<T>(url: string, headers: Record<string, string>, query: string, variables: object): Promise<T> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const text = await response.text();
  const answer = JSON.parse(text) as { data: T; errors?: unknown };
  if (answer.errors || /"state":"(?:FAILED|PARTIAL)"/.test(text))
    throw new Error(`the gateway answered ${text.slice(0, 500)}`);
  return answer.data;
}
