/** What rooms above must do when an account comes or goes. `app.ts` hands a list of them. */
export interface IntegrationHooks {
  /** After the secret is stored. A failure is logged and undoes nothing. */
  connected(integrationId: string): Promise<void>;
  /** While the secret still opens: cancel watches here. A failure is logged and stops nothing. */
  disconnecting(integrationId: string): Promise<void>;
}
