import { serveGateway } from '../process/gateway.ts';
import { announcingProvider } from './provider.ts';

/**
 * The gateway over mailboxes that announce their mail. The embedded database works in the same thread, so its work after an
 * event is between the first and the last subscriber.
 */
const { provider, deliver } = announcingProvider();
const settings = {
  SYNC_INDEX: 'off',
  // The same in each process, so that a database can be used again.
  ENCRYPTION_KEYS: `1:${Buffer.alloc(32, 1).toString('base64')}`,
  JWT_SECRET: Buffer.alloc(32, 2).toString('base64'),
};
await serveGateway({
  settings,
  providers: [provider],
  deliver,
  pushesEvents: process.env.BENCH_PUSHES_EVENTS !== 'no',
});
