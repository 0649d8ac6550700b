import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { tokenOf } from '../../sandbox/consent.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { consent, PROVIDER_IDS, twinPlaying } from '../support/app/lab.ts';

/** The provider becomes unavailable while an account is being connected. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false });
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const BEGIN = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { message } } }`,
);
const FINISH = graphql(`mutation ($input: FinishConnectInput!) {
  finishConnect(input: $input) { integration { address } userErrors { code message } } }`);
const WITH_CONSENT_PAGE = PROVIDER_IDS.filter((id) => twinPlaying(id).password === null);

async function consented(token: string, provider: string, address: string): Promise<string> {
  await app.control('/accounts', { vendor: twinPlaying(provider).vendor, address, name: 'new' });
  const { connect } = await app.data(BEGIN, { input: { provider, address, access: 'READ' } }, token);
  expect(connect.userErrors).toEqual([]);
  const callback = await consent(connect.authorizationUrl, address, 'approve');
  return tokenOf(await fetch(callback, { redirect: 'manual' }));
}
const finish = (token: string, given: string) => app.query(FINISH, { input: { token: given } }, token);
const accountsOf = async (token: string) =>
  (await app.data(graphql(`{ viewer { integrations { address } connectFlows { status } } }`), {}, token)).viewer;

it.each(WITH_CONSENT_PAGE)(
  '%s goes away once its code is spent: nothing is half made, another provider is connected, and the same token finishes it later',
  async (provider) => {
    const { vendor, domain, operations } = twinPlaying(provider);
    const other = WITH_CONSENT_PAGE.find((id) => id !== provider) as string;
    const { token } = await app.user('connecter');
    const mine = `new-${vendor}@${domain}`;
    const theirs = `beside-${vendor}@${twinPlaying(other).domain}`;
    const [waiting, beside] = [await consented(token, provider, mine), await consented(token, other, theirs)];
    await app.control('/faults', { vendor, operation: operations.identify, status: 503 });
    const refused = await finish(token, waiting);
    expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['PROVIDER_UNAVAILABLE']);
    expect((await accountsOf(token)).integrations).toEqual([]);
    expect((await finish(token, beside)).data.finishConnect).toMatchObject({ integration: { address: theirs } });

    await app.control('/faults', undefined, 'DELETE');
    const outcome = { integration: { address: mine }, userErrors: [] };
    expect((await finish(token, waiting)).data.finishConnect).toEqual(outcome);
    expect((await finish(token, waiting)).data.finishConnect).toEqual(outcome);
    expect((await accountsOf(token)).integrations).toHaveLength(2);
  },
);
