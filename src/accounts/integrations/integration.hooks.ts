/** The work of the rooms above when an account is connected or disconnected. `app.ts` passes a list of hooks. */
export interface IntegrationHooks {
  /** Called after the secret is stored. A failure is logged, and the account stays connected. */
  connected(integrationId: string): Promise<void>;
  /** Called while the secret still exists, so that watches can be stopped. A failure is logged, and the disconnect goes on. */
  disconnecting(integrationId: string): Promise<void>;
}
