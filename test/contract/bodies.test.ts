import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

interface Case {
  /** The mail from its Content-Type header on. */
  readonly mail: readonly string[];
  readonly text: string | null;
  /** A text that the HTML contains. Null: there must be no HTML. Absent: it is not checked. */
  readonly html?: readonly string[] | null;
  readonly files?: readonly string[];
}

const part = (fields: string, ...lines: string[]) => ['--B', fields, '', ...lines];
const multipart = (type: string, ...parts: readonly string[][]) => [
  `Content-Type: multipart/${type}; boundary=B`,
  '',
  ...parts.flat(),
  '--B--',
];
/** Nests a multipart in another one. The boundary of the inner one is longer. */
const nested = (type: string, ...parts: readonly string[][]) => [
  '--B',
  `Content-Type: multipart/${type}; boundary=BC`,
  '',
  ...parts.flat().map((line) => (line === '--B' ? '--BC' : line)),
  '--BC--',
];
const PDF = part('Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment', 'x');
const PLAIN = part('Content-Type: text/plain', 'the words');
const HTML = part('Content-Type: text/html', '<p>the <b>words</b></p>');

const CASES: Record<string, Case> = {
  'a root text with a name': {
    mail: ['Content-Type: text/plain; name="body.txt"', '', 'all there is'],
    text: 'all there is',
    files: [],
  },
  'a root HTML that is inline and has a file name': {
    mail: ['Content-Type: text/html; name=x', 'Content-Disposition: inline; filename=x', '', '<p>all</p>'],
    text: 'all',
    html: ['<p>all</p>'],
    files: [],
  },
  'a root text with a name in a charset of its own': {
    mail: ['Content-Type: text/plain; charset=ISO-2022-KR; name=k.txt', '', '\x1b$)C', '\x0e>H3gGO<<?d\x0f'],
    text: '안녕하세요',
    files: [],
  },
  'a text in a charset that is half unknown': {
    mail: [
      'Content-Type: text/plain; charset=ks_c_5601-1987',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '=8C=63',
    ],
    text: '똠',
  },
  'a text in HZ': { mail: ['Content-Type: text/plain; charset=hz-gb-2312', '', '~{<:Ky2;~}'], text: '己所不' },
  'a root text that is disposed as an attachment': {
    mail: ['Content-Type: text/plain', 'Content-Disposition: attachment; filename=log.txt', '', 'lines'],
    text: null,
    files: ['log.txt'],
  },
  'the first of several parts with a name, and another text with one': {
    mail: multipart(
      'mixed',
      part('Content-Type: text/plain; name=first.txt', 'the words'),
      part('Content-Type: text/plain; name=notes.txt\r\nContent-Disposition: inline', 'milk'),
    ),
    text: 'the words',
    files: ['notes.txt'],
  },
  'the only text, which has a name and comes last': {
    mail: multipart('mixed', PDF, part('Content-Type: text/plain; name=words.txt', 'the words')),
    text: 'the words',
    files: ['a.pdf'],
  },
  'two files and no text': {
    mail: multipart(
      'mixed',
      PDF,
      part('Content-Type: text/plain; name=1.txt', 'one'),
      part('Content-Type: text/plain; name=2.txt', 'two'),
    ),
    text: null,
    files: ['a.pdf', '1.txt', '2.txt'],
  },
  'alternatives with names': {
    mail: multipart(
      'alternative',
      part('Content-Type: text/plain; name=a.txt', 'the words'),
      part('Content-Type: text/html; name=a.html\r\nContent-Disposition: inline; filename=a.html', '<p>the words</p>'),
    ),
    text: 'the words',
    html: ['<p>the words</p>'],
    files: [],
  },
  'an alternative for AMP, and one for calendars': {
    mail: multipart(
      'alternative',
      PLAIN,
      part('Content-Type: text/x-amp-html', '<html amp4email>dynamic</html>'),
      HTML,
      part('Content-Type: text/calendar; name=invite.ics; method=REQUEST', 'BEGIN:VCALENDAR'),
    ),
    text: 'the words',
    html: ['<b>words</b>'],
    files: ['invite.ics'],
  },
  'text/enriched': {
    mail: [
      'Content-Type: text/enriched; charset=us-ascii',
      '',
      '<bold>Now</bold> is the',
      'time <<here>.',
      '',
      '',
      '<color><param>red</param>End</color><nofill>a',
      'b</nofill>',
    ],
    text: 'Now is the time <here>.\n\nEnda\nb',
    html: null,
    files: [],
  },
  'text/richtext': {
    mail: ['Content-Type: text/richtext', '', '<bold>One</bold> <lt>', 'two<nl><comment>no</comment>three'],
    text: 'One < two\nthree',
    files: [],
  },
  'text/enriched beside plain text': {
    mail: multipart('alternative', PLAIN, part('Content-Type: text/enriched', '<bold>the words</bold>')),
    text: 'the words',
    files: [],
  },
  'text/markdown, and a text of a type that nobody knows': {
    mail: multipart('mixed', part('Content-Type: text/markdown', '# Head'), part('Content-Type: text/x-odd', 'odd')),
    text: '# Head\nodd',
    files: [],
  },
  'data that are text': {
    mail: multipart(
      'mixed',
      PLAIN,
      part('Content-Type: text/csv; name=t.csv', 'a,b'),
      part('Content-Type: text/x-vcard; name=v.vcf', 'BEGIN'),
    ),
    text: 'the words',
    files: ['t.csv', 'v.vcf'],
  },
  'multipart/related that begins elsewhere': {
    mail: [
      'Content-Type: multipart/related; boundary=B; start="<root@x>"; type="text/html"',
      '',
      ...part('Content-Type: text/html; name=frag.html\r\nContent-ID: <frag@x>', '<p>not the root</p>'),
      ...part('Content-Type: text/html\r\nContent-ID: <root@x>', '<p>the root</p>'),
      '--B--',
    ],
    text: 'the root',
    html: ['<p>the root</p>'],
    files: ['frag.html'],
  },
  'multipart/related without a start, and one whose start is nowhere': {
    mail: [
      'Content-Type: multipart/related; boundary=B; start="<nowhere@x>"',
      '',
      ...nested('related', HTML, part('Content-Type: text/html; name=frag.html', '<p>frag</p>')),
      ...part('Content-Type: image/png; name=i.png', 'x'),
      '--B--',
    ],
    text: 'the words',
    files: ['frag.html', 'i.png'],
  },
  'alternatives whose HTML has a footer beside it': {
    mail: multipart(
      'alternative',
      part('Content-Type: text/plain', 'the words', 'the footer'),
      nested('mixed', HTML, part('Content-Type: text/plain', 'the footer')),
    ),
    text: 'the words\nthe footer',
    html: ['<b>words</b>', 'the footer'],
    files: [],
  },
  'HTML with a footer as the only alternative': {
    mail: multipart('alternative', nested('mixed', HTML, part('Content-Type: text/plain', 'the footer'))),
    text: 'the words\nthe footer',
    html: ['<b>words</b>', 'the footer'],
    files: [],
  },
  'alternatives within an alternative': {
    mail: multipart('alternative', PLAIN, nested('alternative', PLAIN, HTML)),
    text: 'the words',
    html: ['<b>words</b>'],
    files: [],
  },
  'a type of multipart that nobody knows': {
    mail: multipart('x-unheard-of', PLAIN, PDF, part('Content-Type: text/plain', 'more')),
    text: 'the words\nmore',
    files: ['a.pdf'],
  },
  'a report': {
    mail: multipart(
      'report',
      PLAIN,
      part('Content-Type: message/delivery-status; name=status', 'Reporting-MTA: dns; x.example'),
      part('Content-Type: text/rfc822-headers; name=headers', 'Subject: returned'),
    ),
    text: 'the words',
    files: ['status', 'headers'],
  },
  'a signed mail': {
    mail: multipart('signed', PLAIN, part('Content-Type: application/pgp-signature; name=s.asc', 'x')),
    text: 'the words',
    files: ['s.asc'],
  },
  'an encrypted mail': {
    mail: multipart(
      'encrypted',
      part('Content-Type: application/pgp-encrypted; name=v', 'Version: 1'),
      part('Content-Type: application/octet-stream; name=e.asc', 'x'),
    ),
    text: null,
    files: ['v', 'e.asc'],
  },
  'an attached message': {
    mail: multipart('mixed', PLAIN, part('Content-Type: message/rfc822; name=m.eml', 'Subject: in', '', 'inner words')),
    text: 'the words',
    files: ['m.eml'],
  },
  'parts that are empty': {
    mail: multipart('mixed', part('Content-Type: text/plain', ''), nested('alternative'), PLAIN),
    text: 'the words',
    files: [],
  },
  'file names that steer what is written around them': {
    mail: multipart(
      'mixed',
      PLAIN,
      part('Content-Type: application/octet-stream; name="=?utf-8?B?YW5u4oCuY29kLmV4ZQ==?="', 'x'),
      part("Content-Type: application/octet-stream; name*=utf-8''a%0d%0ab%00%e2%80%a8c.txt", 'x'),
    ),
    text: 'the words',
    files: ['anncod.exe', 'a b c.txt'],
  },
};

describe.each(PROVIDER_IDS)('%s: bodies', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('reader');
  });
  afterAll(() => lab.close());

  it.each(Object.entries(CASES))('%s', async (name, { mail, text, html, files }) => {
    const head = ['From: a@example.org', 'To: b@example.net', `Subject: ${name}`, 'MIME-Version: 1.0'];
    const messageId = await account.deliver({
      raw: [...head, `Message-ID: <${name.replace(/\W+/g, '.')}@x.example>`, ...mail, ''].join('\r\n'),
    });
    const [message] = await account.session.getMessages([messageId], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    const { content } = message;
    const words = content?.text
      ?.split(/\n+/)
      .filter((line) => line.trim() !== '')
      .join('\n');
    expect(words ?? null).toBe(text === null ? null : text.replace(/\n+/g, '\n'));
    if (html === null) expect(content?.html).toBeNull();
    for (const held of html ?? []) expect(content?.html).toContain(held);
    if (files) expect(content?.attachments.map(({ filename }) => filename)).toEqual(files);
  });
});
