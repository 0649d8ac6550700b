export interface BannerFacts {
  readonly url: string;
  readonly sandbox: { readonly googleUrl: string; readonly microsoftUrl: string; readonly controlUrl: string };
  readonly user: { readonly email: string; readonly password: string };
  readonly accessToken: string;
}

const QUERY =
  '{ viewer { messages(first: 5) { nodes { receivedAt subject from { address } integration { address } } } } }';

/** What a start in the sandbox prints: where everything is, and a line to paste. */
export function banner({ url, sandbox, user, accessToken }: BannerFacts): string {
  return `
Postern is ready, on a sandbox: one Gmail and one Outlook account, emulated on this machine.

  Page        ${url}/
  GraphQL     ${url}/graphql
  Google      ${sandbox.googleUrl}
  Microsoft   ${sandbox.microsoftUrl}
  Control     ${sandbox.controlUrl}
  User        ${user.email}, password ${user.password}
  Token       ${accessToken}
              (good for 15 minutes)

Paste this for the newest mail of both accounts:

curl -s ${url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${accessToken}' -d '{"query":"${QUERY}"}'

`;
}
