import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { serve } from '../process/serve.ts';

/** Runs the gateway in a process of its own, against the emulators that its environment names. */
const app = await createApp(readConfig({ ...process.env, NODE_ENV: 'test' }));
serve(app.url, () => app.close());
