import { z } from 'zod';

/** The bus topic that notifies every instance of new entries in a change log. */
export const CHANGES_TOPIC = 'changes';
/** A message of that topic. The entries themselves are read from the database. */
export const ChangesWake = z.object({
  integrationId: z.string(),
  /** True when existing mail has changed, and false for new mail alone. */
  altered: z.boolean().default(true),
});
export type ChangesWake = z.infer<typeof ChangesWake>;
