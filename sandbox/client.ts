/** The OAuth client that the gateway is registered as at every emulated vendor. */
export const SANDBOX_CLIENT = { clientId: 'postern-sandbox', clientSecret: 'postern-sandbox-secret' } as const;
