import { TWINS } from '../../twins.ts';

/** How the manual describes one call. */
export interface CallGuide {
  readonly does: string;
  /** What each field of the body means, or each query parameter of a GET. Absent: the call takes none. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly answer?: string;
}

export const VENDOR = `${TWINS.map((twin) => twin.vendor).join(' or ')}. Required.`;

/** The two fields that nearly every call takes. */
export const TARGET = { vendor: VENDOR, account: 'The address of an account. Default: all accounts of the vendor.' };

/** The same fields of a call that is for one account. */
export const FIRST_ACCOUNT = {
  vendor: VENDOR,
  account: 'The address of an account. Default: the first account of the vendor.',
};
