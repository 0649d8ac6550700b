import { randomBytes } from 'node:crypto';
import { approveConsent } from '../../sandbox/consent.ts';

export type ProviderName = 'GMAIL' | 'OUTLOOK';
export interface Mailbox {
  readonly provider: ProviderName;
  readonly address: string;
}

/** A user of a gateway, as a client program is one. */
export class Client {
  private constructor(
    readonly graphqlUrl: string,
    private readonly token: string,
  ) {}

  get headers(): Record<string, string> {
    return { 'content-type': 'application/json', authorization: `Bearer ${this.token}` };
  }

  /** A new user of the gateway at `url`. */
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

  /** Connects an account through the whole flow. `consent` plays the person in front of the provider's page. */
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

  /** Throws with the errors, and where a list has a source that is not whole: half a page is no measure. */
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
