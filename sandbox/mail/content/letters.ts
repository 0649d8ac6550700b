import type { Person } from '../mail.ts';
import { BAKERY, BOOKS, DIGEST, HR, LIBRARY, SPAM } from './people.ts';
import { MONTHS, pick, type Story } from './story.ts';

/** Newsletters and notices: HTML with remote images, and headers to unsubscribe. */

interface Issue {
  readonly title: string;
  readonly lead: string;
  readonly items: readonly string[];
}

function page(host: string, colour: string, { title, lead, items }: Issue, n: number): string {
  const rows = items
    .map(
      (item, i) =>
        `<tr><td width="140"><img src="https://images.${host}/${n}/${i + 1}.jpg" width="120" height="80" alt=""></td>` +
        `<td><a href="https://${host}/read/${n}-${i + 1}">${item}</a></td></tr>`,
    )
    .join('\n');
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${title}</title>
<style>body{font-family:Georgia,serif;margin:0} h1{color:${colour}} td{padding:8px}</style></head>
<body>
<table role="presentation" width="600" align="center">
<tr><td colspan="2"><img src="https://images.${host}/logo.png" width="180" height="48" alt="${host}"></td></tr>
<tr><td colspan="2"><h1>${title}</h1><p>${lead}</p></td></tr>
${rows}
<tr><td colspan="2"><small><a href="https://${host}/unsubscribe?u=${n}">Unsubscribe</a></small></td></tr>
</table>
<img src="https://open.${host}/pixel.gif?m=${n}" width="1" height="1" alt="">
</body></html>
`;
}

function plain({ title, lead, items }: Issue): string {
  return `${title}\n\n${lead}\n\n${items.map((item) => `* ${item}`).join('\n')}\n`;
}

function listHeaders(host: string, list: string, n: number, oneClick: boolean): Record<string, string> {
  return {
    'List-Id': `<${list}.${host}>`,
    'List-Unsubscribe': `<https://${host}/unsubscribe?u=${n}>, <mailto:leave-${list}@${host}?subject=unsubscribe>`,
    ...(oneClick ? { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {}),
    Precedence: 'bulk',
  };
}

function newsletter(
  key: string,
  from: Person,
  colour: string,
  place: NonNullable<ReturnType<Story['scenes']>[number]['place']>,
  issue: (n: number) => Issue,
  htmlOnly = false,
): Story {
  const host = from.address.split('@')[1] ?? '';
  return {
    key,
    length: 1,
    scenes: (n, { me }) => {
      const content = issue(n);
      return [
        {
          from,
          to: [me],
          subject: content.title,
          text: htmlOnly ? null : plain(content),
          // It is built with the mail, because filling a large mailbox needs the subjects alone.
          get html() {
            return page(host, colour, content, n);
          },
          headers: listHeaders(host, key, n, !htmlOnly),
          place,
        },
      ];
    },
  };
}

const LOAVES = ['the slow rye', 'olive & thyme', 'a seeded tin loaf', 'cardamom knots', 'the harvest boule'];
const BOOKLIST = ['The Salt Road', 'A House of Weather', 'Small Hours', 'Cartography for Beginners', 'The Ninth Wave'];
const TOPICS = ['queues that lie', 'clock skew', 'idempotency', 'cold caches', 'schema drift', 'tail latency'];

export const bakery = newsletter('bakery', BAKERY, '#8a4b12', {}, (n) => ({
  title: `Fresh this week: ${pick(LOAVES, n)}`,
  lead: `We bake until noon, and ${pick(LOAVES, n + 1)} is back by request.`,
  items: [`Recipe: ${pick(LOAVES, n + 2)}`, 'Order ahead for the weekend', 'Two places left in the Saturday class'],
}));

export const books = newsletter(
  'letters',
  BOOKS,
  '#234',
  { labels: ['Reading'] },
  (n) => ({
    title: `${pick(BOOKLIST, n)} — our book for ${pick(MONTHS, n)}`,
    lead: `“The kind of novel one lends and never gets back.” Thirty pages of ${pick(BOOKLIST, n)} to read tonight.`,
    items: [pick(BOOKLIST, n + 1), pick(BOOKLIST, n + 2), 'A reading list for long trains'],
  }),
  true,
);

export const digest = newsletter('digest', DIGEST, '#0b5', { mailbox: { name: 'Reading' } }, (n) => ({
  title: `Systems Weekly #${180 - (n % 150)}: ${pick(TOPICS, n)}`,
  lead: `Five links about ${pick(TOPICS, n)}, and one about ${pick(TOPICS, n + 3)}.`,
  items: [`What we learned from ${pick(TOPICS, n)}`, 'A post-mortem worth your lunch', 'Jobs: three teams hiring'],
}));

export const people = newsletter('people', HR, '#7a1fa2', { labels: ['Company'] }, (n) => ({
  title: `What's on in ${pick(MONTHS, n)}`,
  lead: 'Open enrolment, the summer party, and a reminder about the fire drill.',
  items: ['Benefits: choose by the 15th', 'Party: bring a dish', 'Drill: Thursday at ten'],
}));

export const library: Story = {
  key: 'library',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: LIBRARY,
      to: [me],
      subject: `Due in three days: "${pick(BOOKLIST, n)}"`,
      text: `Dear reader,\n\n"${pick(BOOKLIST, n)}" is due back in three days.\nRenew it online, or bring it in.\n`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    },
  ],
};

export const spam: Story = {
  key: 'prize',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: SPAM,
      to: [me],
      subject: `🎁 YOUR PARCEL ${7000 + n} IS WAITING!!!`,
      text: null,
      html: `<p>Dear winner <b>${me.address}</b>,</p><p><a href="http://claim.prize-office.example/${n}">CLAIM NOW</a></p>
<script>document.location='http://claim.prize-office.example/'</script>`,
      place: { mailbox: 'junk' },
    },
  ],
};
