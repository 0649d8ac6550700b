import { placeholder } from './placeholder.ts';
import { json, type Tab } from './tab.ts';

/**
 * The tab that connects an account. In the sandbox, which accepts every page of this machine as redirectUri, the flow
 * comes back to this page. Elsewhere REDIRECT_URIS may not list the page (`origin` is null), and a page of the gateway
 * shows a code.
 */
export function connectTab(provider: string | null, origin: string | null): Tab {
  const input = { provider: provider ?? 'GMAIL', access: 'READ', ...(origin && { redirectUri: `${origin}/` }) };
  const code = placeholder('the code that the page has shown');
  return { query: `${origin ? COMES_BACK : SHOWS_CODE}${CONNECT}`, variables: json({ input, code }) };
}

const COMES_BACK = `# Open authorizationUrl in this browser and consent. It
# comes back to this page, which calls finishConnect as
# the signed-in user: only the user who called connect
# can. Without redirectUri a page shows a code instead:
# run FinishConnect with it. ConnectFlows lists the
# state of each flow.
`;
const SHOWS_CODE = `# Open authorizationUrl in a browser and consent. A page
# then shows a code: put it in the variables below, and
# run FinishConnect: only the user who called connect
# can. With this page as redirectUri, which needs an
# entry in REDIRECT_URIS, it is called automatically.
# ConnectFlows lists the state of each flow.
`;

const CONNECT = `mutation Connect($input: ConnectInput!) {
  connect(input: $input) {
    authorizationUrl
    flow { status waitsFor expiresAt }
    userErrors { code message field }
  }
}

mutation FinishConnect($code: String!) {
  finishConnect(input: { token: $code }) {
    integration { id address status }
    userErrors { code message }
  }
}

query ConnectFlows {
  viewer {
    connectFlows {
      status
      waitsFor
      provider { name }
      access
      integration { address }
      problem { code message }
      expiresAt
    }
  }
}
`;
