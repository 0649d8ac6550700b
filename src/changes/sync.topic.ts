import { z } from 'zod';

/** The bus topic on which an instance that stops hands over the accounts that it has not brought level. */
export const SYNC_TOPIC = 'sync';
/** What travels on it. */
export const SyncWanted = z.object({ integrationId: z.string() });
export type SyncWanted = z.infer<typeof SyncWanted>;
