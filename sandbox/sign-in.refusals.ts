/** Where a vendor can refuse a sign-in: on the way back from the consent page, for the code, or at any later refresh. */
export const SIGN_IN_STEPS = ['consent', 'exchange', 'refresh'] as const;
export type SignInStep = (typeof SIGN_IN_STEPS)[number];

/** By which of the vendor's own words whose sign-in is refused, and where. */
export class SignInRefusals {
  readonly #set = new Map<string, { readonly refusal: string; readonly at: readonly SignInStep[] }>();

  /** Null: it is refused no more. */
  set(account: string, refusal: string | null, at: readonly SignInStep[]): void {
    if (refusal === null) this.#set.delete(account.toLowerCase());
    else this.#set.set(account.toLowerCase(), { refusal, at });
  }

  /** Null: it is not. */
  of(account: string, step: SignInStep): string | null {
    const found = this.#set.get(account.toLowerCase());
    return found?.at.includes(step) ? found.refusal : null;
  }

  /** Those who were refused so are no more. */
  lift(refusals: readonly string[]): void {
    for (const [account, { refusal }] of this.#set) if (refusals.includes(refusal)) this.#set.delete(account);
  }
}
