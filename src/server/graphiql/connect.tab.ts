import { placeholder } from './placeholder.ts';
import { json, type Tab } from './tab.ts';

/** Connecting an account, which comes back to this page. `origin` is this page's own. */
export function connectTab(provider: string | null, origin: string): Tab {
  const input = { provider: provider ?? 'GMAIL', access: 'READ', redirectUri: `${origin}/` };
  return { query: CONNECT, variables: json({ input, code: placeholder('the code that our page has shown') }) };
}

const CONNECT = `# Open authorizationUrl in this browser and consent. It
# comes back to this page, which finishes by itself as
# the user who is signed in here: only who began can.
# Without redirectUri a page shows a code instead: run
# FinishConnect with it. ConnectFlows tells how far each
# flow is.
mutation Connect($input: ConnectInput!) {
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
