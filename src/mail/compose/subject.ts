/**
 * Subjects of answers and of what is passed on. A prefix is taken off only where every provider equates it with the bare
 * subject: Gmail puts an answer whose subject is another into a conversation of its own, and which words of other languages
 * (回复:, AW:, Re[2]:) it looks through is not known. Put in front of those, "Re: " is right either way.
 */
const leading = (words: string): RegExp => new RegExp(`^(?:\\s*(?:${words})\\s*:)+`, 'i');
const ANSWERS = leading('re');
const FORWARDS = leading('fwd?');

/** "Re: " once. */
export const replySubject = (subject: string): string => `Re: ${subject.replace(ANSWERS, '').trim()}`.trim();

/** "Fwd: " once. */
export const forwardSubject = (subject: string): string => `Fwd: ${subject.replace(FORWARDS, '').trim()}`.trim();
