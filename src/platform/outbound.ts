import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { abortable } from './abort.ts';
import { isPublicAddress } from './public-address.ts';

/** Looks up all addresses of a host name. */
type Resolve = (host: string) => Promise<readonly string[]>;

/** The real destination of a request: an address that was checked, and the name that its certificate must have. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  readonly servername: string;
}

interface OutboundOptions {
  readonly resolve?: Resolve;
  /** Opens the encrypted connection. It must connect to `address` without another look-up. */
  readonly connect?: (destination: Destination) => Socket;
  /** The time in milliseconds for the look-up, the connection and the response together. */
  readonly timeoutMs?: number;
}

/** A refused request to an untrusted URL. The message is for the user. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

const TIMEOUT_MS = 10_000;
const MAX_URL_LENGTH = 4_000;
/** The maximum size of the response's headers in bytes. Its body is not read at all. */
const MAX_HEADER_BYTES = 16_384;

/**
 * Sends requests to untrusted URLs (from a mail). It uses only https to the public internet, whatever the name server
 * answers. There are no redirects, cookies or credentials, and only the status of the response is read.
 */
export class Outbound {
  private readonly resolve: Resolve;
  private readonly connect: (destination: Destination) => Socket;
  private readonly timeoutMs: number;

  constructor({ resolve, connect, timeoutMs }: OutboundOptions = {}) {
    this.resolve = resolve ?? resolveAll;
    this.connect = connect ?? dial;
    this.timeoutMs = timeoutMs ?? TIMEOUT_MS;
  }

  /**
   * Returns the status of the response. A redirect is not followed. Throws OutboundRefused, or the error of the
   * network.
   */
  async post(url: string, form: string): Promise<number> {
    const target = checkUrl(url);
    const limit = AbortSignal.timeout(this.timeoutMs);
    const host = hostOf(target);
    const address = await abortable(this.checked(host), limit);
    const destination = { address, port: Number(target.port || 443), servername: host };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          method: 'POST',
          host: target.hostname,
          path: `${target.pathname}${target.search}`,
          headers: {
            host: target.host,
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(form),
            'user-agent': 'Postern',
          },
          maxHeaderSize: MAX_HEADER_BYTES,
          signal: limit,
          // Replaces the agent, which would look up the name again.
          createConnection: () => this.connect(destination),
        },
        (answer) => {
          answer.destroy();
          resolve(answer.statusCode ?? 0);
        },
      );
      outgoing.on('error', (error) => reject(limit.aborted ? limit.reason : error));
      outgoing.end(form);
    });
  }

  /**
   * Returns the address to connect to. If one address of the host is not public, all are refused, because the next
   * look-up could return that one.
   */
  private async checked(host: string): Promise<string> {
    const addresses = isIP(host) ? [host] : await this.resolve(host);
    if (!addresses.every(isPublicAddress))
      throw new OutboundRefused('The link leads to an address that is not on the public internet.');
    const chosen = addresses.find((address) => isIP(address) === 4) ?? addresses[0];
    if (chosen === undefined) throw new OutboundRefused('The host of the link has no address.');
    return chosen;
  }
}

/** Checks the URL. Its parser has already turned 0x7f.1 and 2130706433 into 127.0.0.1. */
function checkUrl(url: string): URL {
  if (url.length > MAX_URL_LENGTH || !URL.canParse(url)) throw new OutboundRefused('The link is not valid.');
  const target = new URL(url);
  if (target.protocol !== 'https:') throw new OutboundRefused('Only https links are followed.');
  if (target.username !== '' || target.password !== '') throw new OutboundRefused('The link contains a password.');
  return target;
}

/** Returns the host without the brackets of an IPv6 address and without the dot at the end of a name. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

const resolveAll: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

const dial = ({ address, port, servername }: Destination): Socket =>
  connectTls({ host: address, port, ...(isIP(servername) ? {} : { servername }), ALPNProtocols: ['http/1.1'] });
