import { z } from 'zod';

/** The bus topic on which every instance hears that an integration's change log has grown. */
export const CHANGES_TOPIC = 'changes';
/** What travels on it. The log itself is read from the database, which knows it better. */
export const ChangesWake = z.object({
  integrationId: z.string(),
  /** Something that was there before is different now; false for new mail alone. */
  altered: z.boolean().default(true),
});
export type ChangesWake = z.infer<typeof ChangesWake>;
