export interface BannerFacts {
  readonly url: string;
  readonly emulated: readonly { readonly name: string; readonly url: string }[];
  readonly controlUrl: string;
  readonly user: { readonly email: string; readonly password: string };
  readonly accessToken: string;
}

const QUERY =
  '{ viewer { messages(first: 5) { nodes { receivedAt subject from { address } integration { address } } } } }';

/** The text that a start in the sandbox prints: all addresses, and a command to paste. */
export function banner({ url, emulated, controlUrl, user, accessToken }: BannerFacts): string {
  return `
Postern is ready, on a sandbox: ${emulated.map(({ name }) => name).join(' and ')}, emulated on this machine.

  Page        ${url}/
  GraphQL     ${url}/graphql
${emulated.map(({ name, url: at }) => `  ${name.padEnd(11)} ${at}`).join('\n')}
  Control     ${controlUrl}
  User        ${user.email}, password ${user.password}
  Token       ${accessToken}
              (good for 15 minutes)

Paste this for the newest mail of all accounts:

curl -s ${url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${accessToken}' -d '{"query":"${QUERY}"}'

`;
}
