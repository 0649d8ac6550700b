/** Our own users' addresses are kept and compared in lower case, without spaces around. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase();
