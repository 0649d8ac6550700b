import { BlockList, isIP } from 'node:net';

/** Addresses that are not on the public internet (IANA special-purpose registries), and the metadata addresses of cloud providers. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/**
 * Ranges of 2000::/3, outside of which nothing is public: Teredo and related ranges, documentation, 6to4 (which embeds
 * an IPv4 address), AS112.
 */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const special = new BlockList();
for (const range of SPECIAL_V4) special.addSubnet(...subnet(range), 'ipv4');
for (const range of SPECIAL_V6) special.addSubnet(...subnet(range), 'ipv6');
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');

/**
 * Returns whether an IP address leads to the public internet and nowhere else. The ranges are compared by the BlockList
 * of Node. ipaddr.js does not fit: it calls every address that is in none of its ranges unicast, even outside of
 * 2000::/3, and does not know the addresses of cloud providers.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  // A zone belongs to a local link. Addresses that map or embed an IPv4 address are outside of 2000::/3 or in 6to4.
  if (family === 6 && !address.includes('%')) return unicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
  return false;
}

function subnet(range: string): [string, number] {
  const [network = '', prefix] = range.split('/');
  return [network, Number(prefix)];
}
