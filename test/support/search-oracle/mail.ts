import type { OracleMail, Person, Place } from './oracle.ts';
import type { Chance } from './random.ts';

/** Words that are easily mistaken for one another, in many scripts. Mail and queries are both made of them. */
export const VOCABULARY: readonly string[] = [
  ...'cat cats concatenate foo bar foo-bar foo_bar file ﬁle office oﬃce invoice Invoices INVOICE plan plans'.split(' '),
  ...'Straße STRASSE STRAẞE strasse straßen Grüße gruesse Gruße Müller Mueller muller'.split(' '),
  ...['Café', 'Cafe\u0301', 'cafe', 'résumé', 'resume', 'naïve', 'naive', 'été', 'garçon', 'señor', 'mañana', 'Ünal'],
  ...[
    '東京',
    '京都',
    '東京都',
    '大阪城',
    '請求書',
    '日本語',
    'カタカナ',
    'ｶﾀｶﾅ',
    'ひらがな',
    'ラーメン',
    '会議',
    '北京',
  ],
  ...['한국어', '한국', '회의', '서울', '안녕하세요', 'ประชุม', 'สวัสดี', 'กรุงเทพ', 'नमस्ते', 'हिन्दी', 'हिन्द', 'दिल्ली'],
  ...[
    'İstanbul',
    'istanbul',
    'ISTANBUL',
    'ısı',
    'isi',
    'Привет',
    'ПРИВЕТ',
    'Ёлка',
    'елка',
    'п\u02bcять',
    'ять',
    'g\u0303uahu',
    'guahu',
    'ΣΟΦΟΣ',
    'σοφός',
    'Ａｂｃ',
    'abc',
  ],
  ...[
    'C++',
    'C#',
    'c',
    '3.14',
    '3',
    '14',
    '314',
    '#42',
    '42',
    'R&D',
    'r',
    'd',
    '1,000',
    '1000',
    '100%',
    '2026-11-20',
    '１２３',
    '123',
  ],
  ...[
    'https://example.org/a/b?x=1',
    'example.org',
    'report.pdf',
    'e-mail',
    'email',
    "o'neil",
    'snake_case',
    'snake',
    'case',
  ],
  ...[
    '🚀',
    'launch🚀day',
    'launch',
    'day',
    'soft\u00adhyphen',
    'Brand™',
    'brand',
    '№42',
    '5㎏',
    'softhyphen',
    'join\u200der',
    'joiner',
    'OR',
    'AND',
    'me',
    'not',
    'from',
  ],
];

const person = (name: string, address: string): Person => ({ name, address });
export const PEOPLE: readonly Person[] = [
  person('Ada Lovelace', 'ada@example.org'),
  person('Lovelace, Ada', 'Ada.Lovelace@Example.ORG'),
  person('Ada News', 'ada+news@example.org'),
  person('', 'news@example.org'),
  person('Xada', 'xada@example.org.example'),
  person('José García', 'jose@correo.example'),
  person('Jose\u0301 Garcia', 'jose.garcia@correo.example'),
  person('Müller & Söhne', 'info@mueller.example'),
  person('Anna "Nan" O\'Neil (R&D)', 'o.neil@corp.example'),
  person('山田太郎', 'yamada@tokyo.example'),
  person('김철수', 'kim@seoul.example'),
  person('Ирина Ёлкина', 'irina@moskva.example'),
  person('me', 'myself@people.example'),
  person('', 'no_reply@shop.example'),
  person('Ａｄａ Ｗｉｄｅ', 'wide@zenkaku.example'),
  person('ada@example.org', 'spoof@evil.example'),
];

/** The user's own folders (at Gmail, labels), and further labels (at Outlook, categories). */
export const FOLDERS = ['Projects', 'Garden & Co'] as const;
export const LABELS = ['Blue', 'To do'] as const;
const PLACES: readonly Place[] = [
  ...Array<Place>(8).fill('inbox'),
  ...(['archive', 'archive', 'sent', 'sent', 'trash', 'junk', 'drafts'] as const),
  ...FOLDERS.map((name) => ({ name })),
];

/** The end of the mail's time span. It is before the time at which any test runs. */
export const NEWEST = Date.parse('2026-11-20T12:00:00Z');
const SPAN = 60 * 86_400_000;

/**
 * Returns mail, the oldest first. Some arrives within one second, some answers mail in another folder, and some Date
 * headers are wrong. Every folder and label has at least one mail.
 */
export function randomMail(chance: Chance, count: number): OracleMail[] {
  const moments = Array.from({ length: count }, () => NEWEST - chance.below(SPAN));
  for (let at = 1; at < count; at += 1)
    if (chance.is(0.25)) moments[at] = Math.floor((moments[at - 1] as number) / 1000) * 1000 + chance.below(1000);
  const mails: OracleMail[] = [];
  for (const [index, receivedAt] of moments.toSorted((a, b) => a - b).entries())
    mails.push(one(chance, index, receivedAt, mails));
  return mails;
}

function one(chance: Chance, index: number, receivedAt: number, before: readonly OracleMail[]): OracleMail {
  // No draft answers a mail here: other tests cover drafts and their threads.
  const answered = before.length > 0 && chance.is(0.4) ? chance.one(before.slice(-30)) : null;
  const drawn = chance.one(PLACES);
  const folder = FOLDERS[index];
  const place: Place = folder === undefined ? drawn : { name: folder };
  const messageId = `Oracle.${index}.${chance.below(1e9).toString(36)}@Mail.example`;
  const isOwn = place === 'sent' || place === 'drafts';
  const wordsOf = (least: number, most: number) =>
    chance.some(VOCABULARY, least, most).join(chance.one([' ', ' ', ', ', ' / ']));
  const topic = answered ? answered.subject.replace(/^(Re: )+/, '') : `${wordsOf(1, 4)} t${index}`;
  return {
    messageId,
    thread: answered?.thread ?? messageId,
    references: answered ? [...answered.references, answered.messageId].slice(0, 50) : [],
    subject: answered ? `Re: ${topic}` : topic,
    from: chance.one(PEOPLE),
    sender: chance.is(0.1) ? chance.one(PEOPLE) : null,
    to: distinct(chance.some(PEOPLE, 1, 3)),
    cc: chance.is(0.2) ? distinct(chance.some(PEOPLE, 1, 3)) : [],
    bcc: isOwn && chance.is(0.3) ? [chance.one(PEOPLE)] : [],
    text: chance.some(VOCABULARY, 2, 12).join(chance.one([' ', ' ', '\n', ', '])),
    isHtml: chance.is(0.4),
    files: chance.is(0.2)
      ? chance.some(['report.pdf', 'Rechnung 42.pdf', '請求書.pdf', 'résumé_final.docx', 'a "b".txt'], 1, 2)
      : [],
    sentAt: Math.floor((chance.is(0.3) ? NEWEST - chance.below(SPAN) : receivedAt) / 1000) * 1000,
    receivedAt,
    place,
    labels: distinct([...LABELS.slice(index, index + 1), ...(chance.is(0.25) ? chance.some(LABELS, 1, 2) : [])]),
    isRead: isOwn || chance.is(0.5),
    isStarred: chance.is(0.2),
    isImportant: chance.is(0.2),
  };
}

const distinct = <T>(list: readonly T[]): T[] => [...new Set(list)];
