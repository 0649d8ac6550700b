import { createApp } from '../../../src/app.ts';
import { type AppOptions, startApp, type TestApp } from './app.ts';
import { freePort } from './port.ts';

interface Instances {
  /** The first instance, with the emulators of all. */
  readonly app: TestApp;
  /** The URLs of the instances. */
  readonly urls: readonly string[];
  close(): Promise<void>;
}

/** Starts two instances on one PostgreSQL, and one on the embedded database, which one process alone can open. */
export async function startInstances(options: AppOptions): Promise<Instances> {
  const app = await startApp({
    ...options,
    // Each instance keeps the limit of a mailbox by itself.
    onPurpose: [/concurrent requests to one mailbox/, ...(options.onPurpose ?? [])],
  });
  if (!app.databaseUrl) return { app, urls: [app.url], close: () => app.close() };
  const { providerTimes, syncTimes } = options;
  const times = { ...(providerTimes && { providerTimes }), ...(syncTimes && { syncTimes }) };
  const other = await createApp({ ...app.config, port: await freePort() }, times);
  const close = async () => {
    await other.close();
    await app.close();
  };
  return { app, urls: [app.url, other.url], close };
}
