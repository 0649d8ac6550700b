import { ADA, JO } from './people.ts';
import { pick, reply, type Scene, type Story } from './story.ts';

/** Conversations that reach both mailboxes: the same mails, with the same Message-IDs, on both sides. */

const offsite: Story = {
  key: 'offsite',
  length: 4,
  scenes: (n, { personal, work }) => {
    const subject = `Off-site in ${pick(['the hills', 'Porto', 'the old mill'], n)}: rooms and trains`;
    const one: Scene = {
      from: ADA,
      to: [work, personal],
      subject,
      text: 'Hi,\n\nI am writing to both your addresses so that the tickets reach you on the road.\nDo you want the early train?\n\nAda',
    };
    const two: Scene = {
      from: work,
      to: [ADA],
      cc: [personal],
      subject: `Re: ${subject}`,
      text: reply('Early, please. Copying my own address.', one),
    };
    const three: Scene = {
      from: ADA,
      to: [work, personal],
      subject: `Re: ${subject}`,
      text: reply('Done. Seat by the window.', two),
      place: { isStarred: n % 2 === 1 },
    };
    return [
      one,
      two,
      three,
      { from: personal, to: [work], subject: `Fwd: ${subject}`, text: reply('For the calendar at work.', three) },
    ];
  },
};

const reminder: Story = {
  key: 'reminder',
  length: 2,
  scenes: (n, { personal, work }) => {
    const subject = pick(['Note to self: the keys', 'Read on the train', 'Ask Jo about the boat'], n);
    const one: Scene = { from: personal, to: [work], subject, text: 'So that I see it tomorrow.\n' };
    return [
      one,
      {
        from: JO,
        to: [personal, work],
        subject: `Re: ${subject}`,
        text: 'You forwarded this to me as well, you know.\n',
      },
    ];
  },
};

export const SHARED: readonly Story[] = [offsite, reminder];
