/** An OAuth error of the token and revocation endpoints, whose shape differs from that of the APIs' errors. */
export class OAuthError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    description: string,
    readonly subtype: string | null = null,
  ) {
    super(description);
  }

  body(): object {
    const subtype = this.subtype === null ? {} : { error_subtype: this.subtype };
    return { error: this.error, error_description: this.message, ...subtype };
  }
}
