import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Returns the key under which the attempts of a client are counted: its IPv4 address, or the /64 network of its IPv6
 * address, because a host has at least a whole /64 (RFC 6177, RFC 7721). An IPv4 address has one key in either notation
 * (RFC 4291, section 2.5.5.2).
 */
export function clientNetwork(address: string): string {
  const bare = withoutPort(address.trim().toLowerCase()).replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  const ip = ipaddr.IPv6.parse(bare);
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address().toString();
  const network = ip.parts.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Removes the port, which some proxies add: "192.0.2.1:4711", "[2001:db8::1]:4711". */
function withoutPort(address: string): string {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(address) ?? [];
  return bracketed ?? (dotted && isIPv4(dotted) ? dotted : address);
}
