/** How mail programs of other languages begin the subject of an answer, and of what they pass on. */
const ANSWER = [
  're',
  'aw',
  'antw',
  'sv',
  'vs',
  'odp',
  'rif',
  'res',
  'ynt',
  'atb',
  '回复',
  '回覆',
  '答复',
  '答覆',
  '返信',
  'отв',
  'ответ',
  'σχετ',
  'απ',
  'תגובה',
  'رد',
];
const PASSED_ON = [
  'fwd',
  'fw',
  'wg',
  'tr',
  'rv',
  'vl',
  'vb',
  'doorst',
  'enc',
  'pd',
  'ilt',
  'vid',
  '转发',
  '轉寄',
  '転送',
  'пересл',
  'πρθ',
  'הועבר',
  'إعادة توجيه',
];

/** Also numbered, "Re[2]:" and "Re (2):", and with the colon of Chinese and Japanese. */
const leading = (words: readonly string[]): RegExp =>
  new RegExp(`^\\s*(?:(?:${words.join('|')})\\s*(?:\\[\\d+\\]|\\(\\d+\\))?\\s*[:：]\\s*)+`, 'iu');
const ANSWERS = leading(ANSWER);
const FORWARDS = leading(PASSED_ON);

/** "Re: " once, whatever stood there, and in whatever language. */
export const replySubject = (subject: string): string => `Re: ${subject.replace(ANSWERS, '').trim()}`.trim();

/** "Fwd: " once. */
export const forwardSubject = (subject: string): string => `Fwd: ${subject.replace(FORWARDS, '').trim()}`.trim();
