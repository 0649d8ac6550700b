/** Control characters, and what some programs break lines at: in a header they would begin another one. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/u;
const EACH = new RegExp(CONTROL, 'gu');

export const isOneLine = (text: string): boolean => !CONTROL.test(text);

/** For what somebody else wrote, and we must make do with. */
export const toOneLine = (text: string): string => text.replace(EACH, ' ').trim();
