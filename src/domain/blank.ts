/**
 * Invisible characters: white space, format characters such as joiners (Unicode's category Cf), and characters of other categories
 * with which newsletters pad their previews.
 */
const UNINKED = '\\s\\p{Cf}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0';
const BLANK = new RegExp(`^[${UNINKED}]*$`, 'u');

/** Whether a text has no visible character, like the empty plain part that some clients send beside their HTML. */
export const isBlank = (text: string): boolean => BLANK.test(text);
