import type { FastifyInstance, FastifyRequest } from 'fastify';

interface DemoSession {
  readonly email: string;
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

interface SandboxPage {
  /** Signs the demo user in. */
  signIn(): Promise<DemoSession>;
  readonly controlUrl: string;
}

/**
 * Mounts GET /sandbox/session, which signs the gateway's own page in as the demo user. A page of another site must not
 * read the response, even one on another loopback port that CORS allows elsewhere. The Host header is checked before
 * any route.
 */
export function mountSandbox(http: FastifyInstance, sandbox: SandboxPage): void {
  http.get('/sandbox/session', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('cross-origin-resource-policy', 'same-origin');
    if (!fromOurPage(request)) {
      return reply
        .code(403)
        .type('text/plain')
        .send('Only the page that this sandbox serves may ask for its session.\n');
    }
    const { email, accessToken, expiresIn } = await sandbox.signIn();
    return { email, accessToken, expiresIn, controlUrl: sandbox.controlUrl };
  });
}

/**
 * Returns whether our own page sent the request. Browsers send the origin, which a page cannot change. curl sends none,
 * and runs on this machine.
 */
function fromOurPage({ headers, ip }: FastifyRequest): boolean {
  if (!/^(127\.|::1$|::ffff:127\.)/.test(ip)) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}
