/** A mailbox of RFC 5322 section 3.4, as it is written. Many addresses in real headers are not valid. */
export interface Address {
  readonly name: string | null;
  readonly address: string;
}

/** Compares addresses without case. The RFC's local part is case-sensitive, but no known provider distinguishes its case. */
export const sameAddress = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Removes what some programs write around an address: single quotes and the scheme of a link. */
export const bareAddress = (written: string): string =>
  written
    .trim()
    .replace(/^'([^'@]+@[^'@]+)'$/, '$1')
    .replace(/^mailto:(?=[^@]*@)/i, '');

/** Whether an empty group (RFC 5322, 3.4), such as "undisclosed-recipients:;", is in the place of an address. */
export const isEmptyGroup = (written: string): boolean => /^"?[^@:"]*:[ ;]*"?$/.test(written);

/** The form in which addresses of our own users are stored and compared: lower case, without surrounding spaces. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase();
