import type { OracleMail, Person, Place } from './oracle.ts';

/** A mailbox as people in eight countries have it, for the searches that people type. Oldest first, a few hours apart. */
type OracleMailRow = readonly [
  from: string,
  to: string,
  subject: string,
  text: string,
  more?: Partial<OracleMailDetails>,
];
interface OracleMailDetails {
  readonly place: Place;
  readonly labels: readonly string[];
  readonly files: readonly string[];
  readonly cc: string;
  readonly sender: string;
  readonly flags: string;
  /** How many mails before it the one that it answers came. */
  readonly answers: number;
  /** Its moment, where it matters. */
  readonly at: string;
  /** So many days that its Date header lies by. */
  readonly liesBy: number;
}

const BASE = Date.parse('2026-10-28T06:00:00.000Z');
const ME = 'Robin Meier <robin@people.example>';

const ROWS: readonly OracleMailRow[] = [
  // English
  [
    'Ada Lovelace <ada@example.org>',
    ME,
    'Project plan for Q4',
    'The plan is attached. Shall we meet on Friday?',
    { files: ['Project plan v2.pdf'], flags: 'read starred' },
  ],
  [
    ME,
    'Ada Lovelace <ada@example.org>',
    'Re: Project plan for Q4',
    'Friday works, see you at the harbour.',
    { place: 'sent', answers: 1 },
  ],
  [
    'Northwind Billing <billing@northwind.example>',
    ME,
    'Invoice #4711 for October',
    'Total: 1,299.00 USD. Pay at https://pay.northwind.example/i/4711?ref=mail',
    { files: ['invoice-4711.pdf'], labels: ['Receipts'] },
  ],
  [
    'Northwind Billing <billing@northwind.example>',
    ME,
    'Re: Invoice #4711 for October',
    'Your invoice is overdue.',
    { answers: 1, flags: 'important' },
  ],
  [
    '"O\'Neil, Pat (R&D)" <pat.oneil@corp.example>',
    ME,
    'C++ and C# training',
    'Bring your notebook. R&D pays. 3.14 is pi; $5 off!',
    { flags: 'read' },
  ],
  [
    'GitHub <noreply@github.example>',
    ME,
    '[postern/postern] Fix search paging (PR #42)',
    'snake_case and kebab-case in src/mail/list.ts',
    { labels: ['Receipts', 'Code'], flags: 'read' },
  ],
  [
    'Cats Weekly <news+cats@example.org>',
    ME,
    'Concatenate your cats',
    'A cat is fine too. Unsubscribe: https://example.org/u?id=7',
    { place: 'archive', flags: 'read' },
  ],
  ['Spammer <win@lottery.example>', ME, 'You won an invoice!!!', 'Claim 1,000,000 now', { place: 'junk' }],
  [
    'Ada Lovelace <ada@example.org>',
    ME,
    'Old draft of the plan',
    'Never mind this plan.',
    { place: 'trash', flags: 'read' },
  ],
  [ME, 'Mina Park <mina@friends.example>', 'Lunch?', 'Shall we have lunch at Café Central', { place: 'drafts' }],
  [
    'Mina Park <mina@friends.example>',
    ME,
    'Naïve question about our résumé',
    'Could you read my resume? It is a coöperative façade.',
    { files: ['Résumé Mina.docx'] },
  ],
  [
    'Boss <boss@corp.example>',
    ME,
    'Re: lunch (',
    '5" pipe, 2 units. AND OR NOT are words.',
    { cc: 'Team <team@corp.example>', flags: 'important starred' },
  ],
  [
    'Assistant <assistant@corp.example>',
    ME,
    'Board meeting moved',
    'The board meets on 2026-11-20 at 10:00.',
    { sender: 'Boss <boss@corp.example>', place: { name: 'Projects' } },
  ],
  // German
  [
    'Jürgen Müller <juergen.mueller@firma.example>',
    ME,
    'Rechnung für die Straßenbahn',
    'Schöne Grüße aus der Hauptstraße 5, Köln',
    { files: ['Rechnung_2026.pdf'], labels: ['Receipts'] },
  ],
  [
    'Sabine Groß <sabine@verein.example>',
    ME,
    'Einladung zum Straßenfest',
    'Wir grillen auf der Straße. Bitte Brötchen mitbringen, Größe egal.',
    { flags: 'starred' },
  ],
  [
    ME,
    'Jürgen Müller <juergen.mueller@firma.example>',
    'Re: Rechnung für die Straßenbahn',
    'Überwiesen. MfG',
    { place: 'sent', answers: 2 },
  ],
  [
    'Finanzamt <post@finanzamt.example>',
    ME,
    'Steuerbescheid 2025',
    'Frist: 20.11.2026',
    { place: { name: 'Projects' }, flags: 'important' },
  ],
  ['Werbung <werbung@laden.example>', ME, 'STRASSE FREI: Winterreifen', 'Angebote in Ihrer STRASSE', { place: 'junk' }],
  // French
  [
    'Hélène Dubois <helene@societe.example>',
    ME,
    'Réunion du comité',
    "L'été dernier, à l'œuvre : déjà vu. Ça va ?",
    { flags: 'read' },
  ],
  [
    'Garçon & Fils <contact@garcon.example>',
    ME,
    'Votre commande n° 12-345',
    'Montant : 45,50 €. Merci pour votre achat.',
    { files: ['facture 12-345.pdf'], labels: ['Receipts'] },
  ],
  [
    ME,
    'Hélène Dubois <helene@societe.example>',
    'Re: Réunion du comité',
    'Très bien, à bientôt',
    { place: 'sent', answers: 2 },
  ],
  // Spanish
  [
    'José Muñoz <jose@correo.example>',
    ME,
    '¿Mañana a las 10?',
    'El señor Peña llega mañana. ¡Qué emoción!',
    { labels: ['Code'] },
  ],
  [
    'Jose\u0301 Mun\u0303oz <jose.munoz@trabajo.example>',
    ME,
    'Informe anual: año 2026',
    'Adjunto el informe. Un saludo, José',
    { files: ['informe an\u0303o.xlsx'] },
  ],
  [
    'Lucía <lucia@correo.example>',
    ME,
    'cumpleaños',
    'Feliz cumpleaños 🎂🎉',
    { place: 'archive', flags: 'read starred' },
  ],
  // Japanese
  [
    '山田 太郎 <yamada@kaisha.example>',
    ME,
    '請求書の送付について',
    '東京都の本社より請求書をお送りします。',
    { files: ['請求書10月.pdf'], labels: ['Receipts'] },
  ],
  [
    '佐藤花子 <hanako@kaisha.example>',
    ME,
    '会議のお知らせ：東京タワー',
    '明日の会議は京都で行います。ラーメンを食べましょう',
    { flags: 'important' },
  ],
  [
    ME,
    '佐藤花子 <hanako@kaisha.example>',
    'Re: 会議のお知らせ：東京タワー',
    '承知しました。ﾗｰﾒﾝ楽しみです',
    { place: 'sent', answers: 1 },
  ],
  [
    '通知 <no-reply@bank.example>',
    ME,
    'ご利用明細（１０月分）',
    '合計：１２，３００円',
    { place: { name: 'Projects' } },
  ],
  // Korean
  ['김민수 <minsu@hoesa.example>', ME, '회의 일정 안내', '내일 서울역에서 회의가 있습니다.', { flags: 'read' }],
  [
    '이영희 <younghee@hoesa.example>',
    ME,
    '송장 첨부합니다',
    '감사합니다. 한국은행',
    { files: ['송장.pdf'], labels: ['Receipts'] },
  ],
  // Thai and Hindi
  ['สมชาย <somchai@borisat.example>', ME, 'ประชุมวันศุกร์', 'ใบแจ้งหนี้อยู่ในไฟล์แนบ กรุงเทพฯ', { files: ['ใบแจ้งหนี้.pdf'] }],
  ['राहुल शर्मा <rahul@dilli.example>', ME, 'बैठक की सूचना', 'नमस्ते, दिल्ली में बैठक है। हिन्दी', { flags: 'starred' }],
  // Turkish, Greek and Russian
  ['Işıl Yıldız <isil@sirket.example>', ME, 'İstanbul toplantısı', 'Fatura ekte. Iğdır ve İzmir', { labels: ['Code'] }],
  ['Σοφία Παπαδοπούλου <sofia@etairia.example>', ME, 'ΤΙΜΟΛΟΓΙΟ Νο 5', 'Ο Οδυσσέας είναι σοφός', {}],
  [
    'Алёна Ёлкина <alena@firma-ru.example>',
    ME,
    'Счёт за октябрь',
    'Привет! Новый счёт во вложении.',
    { files: ['счёт.pdf'] },
  ],
  // Spellings
  [
    'Print Shop <shop@zenkaku.example>',
    ME,
    'Ｏｒｄｅｒ ＡＢＣ－１２３',
    'The oﬃce ﬁle is re\u00adady; soft hy\u00adphen and join\u200der.',
    {},
  ],
  ['me <me@mailer.example>', ME, 'to me, from me', 'me myself and I', {}],
  [
    'ada@example.org <ada@evil.example>',
    ME,
    'Please verify your account',
    'Log in at https://example.org.evil.example/login',
    { place: 'inbox' },
  ],
  [
    'Ada Byron <Ada@Example.ORG>',
    'Robin <robin@people.example>, Lists: <team@corp.example>'.replace('Lists: ', ''),
    'Engine notes',
    'Analytical engine, part 2',
    { flags: 'read' },
  ],
  // Dates
  ['Clock <clock@time.example>', ME, 'Midnight minus one', 'tick', { at: '2026-11-19T23:59:59.999Z', liesBy: -400 }],
  ['Clock <clock@time.example>', ME, 'Midnight', 'tock', { at: '2026-11-20T00:00:00.000Z' }],
  ['Clock <clock@time.example>', ME, 'Midnight and a bit', 'tick tock', { at: '2026-11-20T00:00:00.400Z', liesBy: 3 }],
  ['Clock <clock@time.example>', ME, 'Half past ten, Kiritimati', 'aloha', { at: '2026-11-20T10:30:00.000Z' }],
];

/** `Name <address>`, `"quoted" <address>`, several between commas behind a bracket. */
function people(list: string): Person[] {
  return list.split(/(?<=>), /).map((one) => {
    const [, name = '', address = one] = /^(.*?)\s*<([^<>]*)>$/.exec(one) ?? [];
    return { name: name.replace(/^"(.*)"$/, '$1'), address };
  });
}

export const EVERYDAY: readonly OracleMail[] = (() => {
  const mails: OracleMail[] = [];
  for (const [index, [from, to, subject, text, more = {}]] of ROWS.entries()) {
    const { place = 'inbox', labels = [], files = [], cc, sender, flags = '', answers, at, liesBy = 0 } = more;
    const answered = answers === undefined ? undefined : mails[index - answers];
    const messageId = `everyday.${index}@mail.example`;
    const receivedAt = at === undefined ? BASE + index * 9 * 3_600_000 + index * 1_007 : Date.parse(at);
    const isOwn = place === 'sent' || place === 'drafts';
    mails.push({
      messageId,
      thread: answered?.thread ?? messageId,
      references: answered ? [...answered.references, answered.messageId] : [],
      subject,
      from: people(from)[0] as Person,
      sender: sender === undefined ? null : (people(sender)[0] ?? null),
      to: people(to),
      cc: cc === undefined ? [] : people(cc),
      bcc: [],
      text,
      isHtml: index % 3 === 0,
      files,
      sentAt: Math.floor(receivedAt / 1000) * 1000 + liesBy * 86_400_000,
      receivedAt,
      place,
      labels,
      isRead: isOwn || flags.includes('read'),
      isStarred: flags.includes('starred'),
      isImportant: flags.includes('important'),
    });
  }
  return mails;
})();
