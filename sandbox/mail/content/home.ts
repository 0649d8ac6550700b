import { calendarFile, imageFile, pdfFile } from './files.ts';
import { BANK, CLINIC, JO, KOFI, LEA, MUM, NEIGHBOUR, PHOTOS, RAIL, SHOP } from './people.ts';
import { MONTHS, pick, reply, type Scene, type Story } from './story.ts';

/** The mail of a private mailbox. */

const PLACES = ['Lisbon', 'Trondheim', 'Ljubljana', 'Naxos', 'Galway', 'Kraków'];
const GOODS = ['a gooseneck kettle', 'two enamel mugs', 'a hand grinder', '1 kg of beans', 'a bamboo whisk'];
const stamp = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '');

const trip: Story = {
  key: 'trip',
  length: 5,
  scenes: (n, { me }) => {
    const place = pick(PLACES, n);
    const subject = `${place} in ${pick(MONTHS, n + 4)}?`;
    const place_ = { labels: ['Travel'] };
    const one: Scene = {
      from: JO,
      to: [me, KOFI],
      subject,
      text: `Hello you two,\n\nflights to ${place} are cheap right now. Four days, carry-on only?\nI can hold the fare until Thursday.\n\nJo`,
      place: place_,
    };
    const two: Scene = {
      from: me,
      to: [JO],
      cc: [KOFI],
      subject: `Re: ${subject}`,
      text: reply(`Yes! The second week suits me best. I'll look for somewhere to stay near the river.`, one),
      place: place_,
    };
    const three: Scene = {
      from: KOFI,
      to: [me, JO],
      subject: `Re: ${subject}`,
      text: reply('In. As long as nobody makes me get up before eight.', two),
      place: { ...place_, isStarred: n % 3 === 0 },
    };
    const four: Scene = {
      from: JO,
      to: [me, KOFI],
      subject: `Re: ${subject}`,
      text: reply(`Booked! The itinerary is attached. I've put us down for the ${place} food walk as well.`, three),
      attachments: () => [
        pdfFile(`itinerary-${place}.pdf`, [`Itinerary: ${place}`, 'Out: Thursday 09:40', 'Back: Sunday 18:15']),
      ],
      place: { ...place_, isImportant: true },
    };
    const five: Scene = {
      from: me,
      to: [JO, KOFI],
      subject: `Re: ${subject}`,
      text: reply("Wonderful, thank you. I'll send you both my share tonight.", four),
      place: place_,
    };
    return [one, two, three, four, five];
  },
};

const family: Story = {
  key: 'family',
  length: 3,
  scenes: (n, { me }) => {
    const subject = pick(['Sunday lunch', 'Your old boxes', "Grandad's garden", 'The piano'], n);
    const one: Scene = {
      from: MUM,
      to: [me],
      subject,
      text: `Darling,\n\nare you coming on Sunday? I made too much of everything again.\nHere is the garden this morning.\n\nLove, Mum`,
      attachments: () => [imageFile(`garden in ${pick(MONTHS, n)} – ça pousse.png`, n)],
      place: { labels: ['Family'] },
    };
    const two: Scene = {
      from: me,
      to: [MUM],
      subject: `Re: ${subject}`,
      text: reply('It looks lovely! Yes, I will be there at one. Shall I bring dessert?', one),
    };
    const three: Scene = {
      from: MUM,
      to: [me],
      subject: `Re: ${subject}`,
      text: reply('Always. xx', two),
      place: { labels: ['Family'] },
    };
    return [one, two, three];
  },
};

const photos: Story = {
  key: 'photos',
  length: 1,
  scenes: (n, { me }) => {
    const ids = [`hill-${n}@fieldbook.example`, `lake-${n}@fieldbook.example`];
    return [
      {
        from: PHOTOS,
        to: [me],
        replyTo: [LEA],
        subject: `Léa shared an album: ${pick(PLACES, n + 2)} 📷`,
        text: `Léa Fontaine shared two photos of ${pick(PLACES, n + 2)} with you.\n`,
        html: `<p>Léa Fontaine shared <b>two photos</b> with you:</p>
<p><img src="cid:${ids[0]}" width="240" height="120" alt="the hill"> <img src="cid:${ids[1]}" width="240" height="120" alt="the lake"></p>
<p><img src="https://static.fieldbook.example/footer.png" alt=""></p>`,
        images: () => [imageFile('hill.png', n + 3, ids[0]), imageFile('lake.png', n + 11, ids[1])],
        place: { isStarred: n % 2 === 0 },
      },
    ];
  },
};

const order: Story = {
  key: 'order',
  length: 2,
  scenes: (n, { me }) => {
    const number = `K-${20418 + n * 37}`;
    const receipts = { labels: ['Receipts'] };
    return [
      {
        from: SHOP,
        to: [me],
        subject: `Order ${number} confirmed`,
        text: `Thank you!\n\nYou ordered ${pick(GOODS, n)} and ${pick(GOODS, n + 1)}.\nThe invoice is attached.\n`,
        html: `<h2>Thank you!</h2><ul><li>${pick(GOODS, n)}</li><li>${pick(GOODS, n + 1)}</li></ul><p>The invoice is attached.</p>`,
        attachments: () => [
          pdfFile(`invoice-${number}.pdf`, ['Kettle Supply Co.', `Invoice ${number}`, 'Total: 48.20 EUR']),
        ],
        place: receipts,
      },
      {
        from: SHOP,
        to: [me],
        subject: `Re: Order ${number} confirmed`,
        text: `Your parcel is on its way. Follow it at https://kettlesupply.example/track/${number}\n`,
        place: { ...receipts, isRead: true },
      },
    ];
  },
};

const statement: Story = {
  key: 'statement',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: BANK,
      to: [me],
      subject: `Your statement for ${pick(MONTHS, n + 6)} is ready`,
      text: 'Your statement is attached.\nWe never ask for your password by e-mail.\n',
      attachments: () => [
        pdfFile(`statement-${pick(MONTHS, n + 6)}.pdf`, ['Meridian Bank', 'Opening 1,204.11', 'Closing 1,377.90']),
      ],
      place: { mailbox: 'archive', isRead: true, isImportant: true, labels: ['Receipts'] },
    },
  ],
};

const ticket: Story = {
  key: 'ticket',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: RAIL,
      to: [me],
      subject: `Your ticket to ${pick(PLACES, n)}, coach ${3 + (n % 9)}`,
      text: `Have a good journey!\n\nYour ticket and a calendar entry are attached.\n`,
      attachments: (at) => [
        pdfFile('ticket.pdf', ['Transrail', `To ${pick(PLACES, n)}`, `Coach ${3 + (n % 9)}, seat ${12 + n}`]),
        calendarFile(
          `ticket-${n}@transrail.example`,
          `Train to ${pick(PLACES, n)}`,
          stamp(at),
          stamp(new Date(at.getTime() + 9e6)),
        ),
      ],
      place: { labels: ['Travel'], isStarred: true },
    },
  ],
};

const dentist: Story = {
  key: 'dentist',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: CLINIC,
      to: [me],
      subject: 'Reminder: your check-up',
      text: `Dear ${me.name},\n\nwe look forward to seeing you. If you cannot come, please tell us a day before.\n`,
      attachments: (at) => [
        calendarFile(`visit-${n}@elmdental.example`, 'Check-up', stamp(at), stamp(new Date(at.getTime() + 27e5))),
      ],
      place: { mailbox: n % 2 === 0 ? 'inbox' : 'trash' },
    },
  ],
};

const street: Story = {
  key: 'street',
  length: 2,
  scenes: (n, { me }) => {
    const one: Scene = {
      from: NEIGHBOUR,
      to: [me],
      subject: pick(['Parcel for you', 'Your bike light is on', 'Street party', 'Lost: one ginger cat'], n),
      text: `Hi, it's Sam from no. 12.\n\nGive me a knock when you're home?\n`,
    };
    return [
      one,
      { from: me, to: [NEIGHBOUR], subject: `Re: ${one.subject}`, text: reply('Thank you Sam, coming over now.', one) },
    ];
  },
};

const note: Story = {
  key: 'note',
  length: 1,
  scenes: (n, { me }) => [
    {
      from: me,
      to: [LEA],
      subject: pick(['Recipe', 'About the flat', 'Idea for the weekend'], n),
      text: 'Dear Léa,\n\nI have been meaning to write to you about\n',
      place: { mailbox: n < 2 ? 'drafts' : 'sent' },
    },
  ],
};

export const HOME: readonly Story[] = [trip, photos, order, family, street, ticket, statement, dentist, note];
