import { calendarFile, csvFile, imageFile, pdfFile } from './files.ts';
import { ADA, BEN, BUILDS, CARLA, DIETER, FARID, GRACE, TICKETS, TRACKER } from './people.ts';
import { MONTHS, pick, reply, type Scene, type Story } from './story.ts';

/** The mail of a mailbox at work. */

const ATLAS = { mailbox: { name: 'Projects/Atlas' } };
const PARTS = ['the import', 'the map tiles', 'sign-in', 'the export', 'search', 'the billing page'];
const stamp = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '');

const atlas: Story = {
  key: 'atlas',
  length: 6,
  scenes: (n, { me }) => {
    const part = pick(PARTS, n);
    const subject = `Atlas: ${part}, scope and dates`;
    const team = [BEN, FARID, GRACE];
    const one: Scene = {
      from: ADA,
      to: [me, ...team],
      subject,
      text: `Hi all,\n\nwe need to settle ${part} this week. Open points:\n\n1. who owns it\n2. what we leave out\n3. a date we believe in\n\nAda`,
      place: { ...ATLAS, isImportant: true },
    };
    const two: Scene = {
      from: me,
      to: [ADA],
      cc: team,
      subject: `Re: ${subject}`,
      text: reply(`I can own ${part}. I would leave out the old format; nobody has asked for it since spring.`, one),
    };
    const three: Scene = {
      from: FARID,
      to: [me, ADA],
      cc: [BEN, GRACE],
      subject: `Re: ${subject}`,
      text: reply('Agreed on leaving it out. شكرًا — I will tell our side.', two),
      place: ATLAS,
    };
    const four: Scene = {
      from: GRACE,
      to: [me, ADA],
      cc: [BEN, FARID],
      subject: `Re: ${subject}`,
      text: reply('Here is where the numbers stand; see the picture.', three),
      html: `<p>Here is where the numbers stand:</p><p><img src="cid:chart-${n}@atlas.example" alt="chart" width="240" height="120"></p><p>Grace</p>`,
      images: () => [imageFile('chart.png', n + 5, `chart-${n}@atlas.example`)],
      place: ATLAS,
    };
    const five: Scene = {
      from: me,
      to: [ADA, GRACE],
      cc: [BEN, FARID],
      subject: `Re: ${subject}`,
      text: reply('Then the end of the month is safe. I have written it down in the plan.', four),
    };
    const six: Scene = {
      from: ADA,
      to: [me, ...team],
      subject: `Re: ${subject}`,
      text: reply('Perfect. Closing this one.', five),
      place: { labels: ['Decisions'], isStarred: n % 2 === 0 },
    };
    return [one, two, three, four, five, six];
  },
};

const budget: Story = {
  key: 'budget',
  length: 3,
  scenes: (n, { me }) => {
    const subject = `Budget ${pick(MONTHS, n)}: your numbers, please`;
    const one: Scene = {
      from: CARLA,
      to: [me],
      cc: [ADA],
      subject,
      text: 'Hola,\n\nthe sheet is attached. Could you check rows 2 and 3 by Friday?\n\nCarla',
      attachments: () => [
        csvFile(`budget-${pick(MONTHS, n)}.csv`, [
          ['item', 'planned', 'spent'],
          ['hosting', 1800, 1742 + n],
          ['travel', 900, 1210],
          ['tools', 450, 380],
        ]),
      ],
      place: { labels: ['Finance'], isImportant: true },
    };
    const two: Scene = {
      from: me,
      to: [CARLA],
      cc: [ADA],
      subject: `Re: ${subject}`,
      text: reply('Row 3 includes the off-site; the rest is right.', one),
    };
    return [
      one,
      two,
      {
        from: CARLA,
        to: [me],
        subject: `Re: ${subject}`,
        text: reply('¡Gracias! That explains it.', two),
        place: { labels: ['Finance'] },
      },
    ];
  },
};

/** The reports of a night's builds arrive in the same second, so that only their order in a list distinguishes them. */
const builds: Story = {
  key: 'builds',
  length: 6,
  threaded: false,
  scenes: (n, { me }) =>
    PARTS.map((part, i) => ({
      from: BUILDS,
      to: [me],
      subject: `[main] ${i === n % 6 ? 'FAILED' : 'passed'}: ${part} (#${4100 + n * 6 + i})`,
      text: `Build #${4100 + n * 6 + i} of ${part} ${i === n % 6 ? 'failed in step 3' : 'passed'}.\n`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Build': String(4100 + n * 6 + i) },
      place: { isRead: i !== n % 6 },
    })),
};

const tracker: Story = {
  key: 'tracker',
  length: 3,
  scenes: (n, { me }) => {
    const subject = `[ATLAS-${310 + n}] ${pick(PARTS, n + 2)} is slow on Mondays`;
    const line = (text: string): Scene => ({
      from: TRACKER,
      to: [me],
      replyTo: [{ name: '', address: `reply+${310 + n}@tracker.atlas.example` }],
      subject,
      text: `${text}\n\n--\nYou are assigned to ATLAS-${310 + n}.\n`,
      html: `<p>${text}</p><hr><p style="color:#888">You are assigned to <a href="https://tracker.atlas.example/${310 + n}">ATLAS-${310 + n}</a>.</p>`,
      headers: { 'List-Id': '<atlas.tracker.atlas.example>' },
      place: ATLAS,
    });
    return [
      line('Grace Liu opened the issue.'),
      line('Ben Lindqvist: I can reproduce it.'),
      line('Grace Liu closed the issue.'),
    ];
  },
};

const support: Story = {
  key: 'support',
  length: 4,
  scenes: (n, { me }) => {
    const subject = `[#${8120 + n}] Cannot open the ${pick(['report', 'invoice', 'archive'], n)}`;
    const one: Scene = {
      from: TICKETS,
      to: [me],
      subject,
      text: 'A customer writes:\n\nthe file opens empty since yesterday.\n',
    };
    const two: Scene = {
      from: me,
      to: [TICKETS],
      subject: `Re: ${subject}`,
      text: reply('Which browser do they use?', one),
    };
    const three: Scene = {
      from: TICKETS,
      to: [me],
      subject: `Re: ${subject}`,
      text: reply('All of them, it seems.', two),
    };
    return [
      one,
      two,
      three,
      { from: me, to: [TICKETS], subject: `Re: ${subject}`, text: reply('Found and mended; it is live now.', three) },
    ];
  },
};

const meeting: Story = {
  key: 'meeting',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: BEN,
      to: [me, ADA],
      subject: `Invitation: ${pick(['Planning', 'Retrospective', 'One to one', 'Demo'], n)}`,
      text: 'Please find the invitation attached.\n\nBen',
      attachments: (at) => [
        calendarFile(`meeting-${n}@northwind.example`, 'Planning', stamp(at), stamp(new Date(at.getTime() + 36e5))),
      ],
      place: { isRead: true },
    },
  ],
};

const german: Story = {
  key: 'german',
  length: 2,
  scenes: (n, { me }) => {
    const subject = `Rückfrage zur Prüfung ${n + 1}: Größe, Maße, Übergabe`;
    const one: Scene = {
      from: DIETER,
      to: [me],
      subject,
      text: 'Grüß dich,\n\nkönntest du mir die Maße bis Dienstag schicken?\nDas Übergabeprotokoll hängt an.\n\nViele Grüße\nDieter',
      charset: 'iso-8859-15',
      attachments: () => [pdfFile('Übergabeprotokoll – Entwurf.pdf', ['Protokoll', 'Entwurf'])],
    };
    return [
      one,
      { from: me, to: [DIETER], subject: `AW: ${subject}`, text: reply('Schicke ich dir heute Nachmittag.', one) },
    ];
  },
};

const away: Story = {
  key: 'away',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: pick([ADA, BEN, CARLA, DIETER], n),
      to: [me],
      subject: 'Automatic reply: out of the office',
      text: 'I am away until Monday. For anything urgent, please write to support@northwind.example.\n',
      headers: { 'Auto-Submitted': 'auto-replied' },
      place: { mailbox: n % 2 === 0 ? 'archive' : 'trash', isRead: true },
    },
  ],
};

const unsent: Story = {
  key: 'unsent',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: me,
      to: [ADA],
      subject: pick(['Proposal', 'Thoughts on the plan', 'Holiday cover'], n),
      text: 'Hi Ada,\n\na few thoughts before Thursday:\n\n',
      place: { mailbox: n < 2 ? 'drafts' : 'sent' },
    },
  ],
};

export const OFFICE: readonly Story[] = [atlas, builds, budget, tracker, support, meeting, german, away, unsent];
