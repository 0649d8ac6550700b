import { Resolver } from 'node:dns/promises';
import { domainToASCII } from 'node:url';
import type { Provider } from '../../providers/contract/provider.ts';

const TIMEOUT_MS = 3_000;

interface DiscoveryOptions {
  readonly providers: readonly Provider[];
  /** Returns the mail hosts of a domain. Absent: by a DNS query. */
  readonly mailHosts?: (domain: string) => Promise<readonly string[]>;
}

/** Finds the provider that serves an address. */
export class DiscoveryService {
  private readonly providers: readonly Provider[];
  private readonly mailHosts: (domain: string) => Promise<readonly string[]>;

  constructor(options: DiscoveryOptions) {
    this.providers = options.providers;
    this.mailHosts = options.mailHosts ?? mailHostsByDns;
  }

  /**
   * Compares the known domains first, then the MX records. Returns null when neither identifies a provider, or when DNS does
   * not answer within three seconds.
   */
  async discover(address: string): Promise<Provider | null> {
    const domain = domainToASCII(address.slice(address.lastIndexOf('@') + 1).trim()).toLowerCase();
    if (domain === '') return null;
    const known = this.providers.find(({ domains }) => domains.includes(domain));
    if (known) return known;
    const hosts = await this.mailHosts(domain).catch(() => []);
    return (
      this.providers.find(({ mxSuffixes }) => hosts.some((host) => mxSuffixes.some((s) => isUnder(host, s)))) ?? null
    );
  }
}

function isUnder(host: string, suffix: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const root = suffix.toLowerCase().replace(/^\./, '');
  return name === root || name.endsWith(`.${root}`);
}

async function mailHostsByDns(domain: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  const timer = setTimeout(() => resolver.cancel(), TIMEOUT_MS);
  try {
    const records = await resolver.resolveMx(domain);
    return records.sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange);
  } finally {
    clearTimeout(timer);
  }
}
