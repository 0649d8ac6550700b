import { placeholder } from './placeholder.ts';
import { json, type Tab } from './tab.ts';

/**
 * Connecting an account. In the sandbox, which takes every page of this machine as redirectUri, it comes back to this page;
 * elsewhere REDIRECT_URIS need not list it (null), and a page of the gateway's shows a code.
 */
export function connectTab(provider: string | null, origin: string | null): Tab {
  const input = { provider: provider ?? 'GMAIL', access: 'READ', ...(origin && { redirectUri: `${origin}/` }) };
  const code = placeholder('the code that our page has shown');
  return { query: `${origin ? COMES_BACK : SHOWS_CODE}${CONNECT}`, variables: json({ input, code }) };
}

const COMES_BACK = `# Open authorizationUrl in this browser and consent. It
# comes back to this page, which finishes by itself as
# the user who is signed in here: only who began can.
# Without redirectUri a page shows a code instead: run
# FinishConnect with it. ConnectFlows tells how far each
# flow is.
`;
const SHOWS_CODE = `# Open authorizationUrl in a browser and consent. A page
# then shows a code: put it in the variables below, and
# run FinishConnect as the user who is signed in here:
# only who began can. With this page as redirectUri,
# which REDIRECT_URIS must list then, it finishes by
# itself. ConnectFlows tells how far each flow is.
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
