/** A mailbox of RFC 5322 section 3.4, as written: many addresses in real headers are not valid. */
export interface Address {
  readonly name: string | null;
  readonly address: string;
}

/** Addresses compare without case; the local part is case-sensitive in the RFC, but at no known provider. */
export const sameAddress = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Without what some programs put around an address: single quotes, and the scheme of a link. */
export const bareAddress = (written: string): string =>
  written
    .trim()
    .replace(/^'([^'@]+@[^'@]+)'$/, '$1')
    .replace(/^mailto:(?=[^@]*@)/i, '');

/** An empty group (RFC 5322, 3.4), for example "undisclosed-recipients:;", in the place of an address. */
export const isEmptyGroup = (written: string): boolean => /^"?[^@:"]*:[ ;]*"?$/.test(written);

/** Our own users' addresses are kept and compared in lower case, without spaces around. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase();
