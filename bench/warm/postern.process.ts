import { serveGateway } from '../process/gateway.ts';
import { memoryProviders } from './provider.ts';

/** The gateway that is asked for the same page again and again. */
await serveGateway({ settings: { INTROSPECTION: 'off', HTTP_REVALIDATION: 'on' }, providers: memoryProviders });
