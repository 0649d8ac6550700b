/** The steps at which a vendor can refuse a sign-in: the redirect from the consent page, the exchange of the code, and each refresh. */
export const SIGN_IN_STEPS = ['consent', 'exchange', 'refresh'] as const;
export type SignInStep = (typeof SIGN_IN_STEPS)[number];

/** The accounts whose sign-in is refused, each with the vendor's error code and the steps. */
export class SignInRefusals {
  readonly #set = new Map<string, { readonly refusal: string; readonly at: readonly SignInStep[] }>();

  /** Null: the account's sign-ins are accepted again. */
  set(account: string, refusal: string | null, at: readonly SignInStep[]): void {
    if (refusal === null) this.#set.delete(account.toLowerCase());
    else this.#set.set(account.toLowerCase(), { refusal, at });
  }

  /** Returns the error code. Null: the sign-in is accepted. */
  of(account: string, step: SignInStep): string | null {
    const found = this.#set.get(account.toLowerCase());
    return found?.at.includes(step) ? found.refusal : null;
  }

  /** Accepts all sign-ins again. */
  lift(refusals: readonly string[]): void {
    for (const [account, { refusal }] of this.#set) if (refusals.includes(refusal)) this.#set.delete(account);
  }
}
