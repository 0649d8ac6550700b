import { ELENA, HIROSHI, IMANE, LEA } from './people.ts';
import { pick, reply, type Scene, type Story } from './story.ts';

/** Mail in other scripts and encodings, and with emoji and symbols. */

export const japanese: Story = {
  key: 'japanese',
  length: 2,
  scenes: (n, { me }) => {
    const subject = pick(['来週の打ち合わせについて', '京都の写真', 'お礼と次回のご相談'], n);
    const one: Scene = {
      from: HIROSHI,
      to: [me],
      subject,
      text: `お世話になっております。田中です。\n\n来週の${pick(['火曜日', '水曜日', '木曜日'], n)}はご都合いかがでしょうか。\n資料は後ほどお送りします。\n\nよろしくお願いいたします。\n田中 浩\n`,
      charset: 'shift_jis',
    };
    return [
      one,
      {
        from: me,
        to: [HIROSHI],
        subject: `Re: ${subject}`,
        text: reply('田中様\n\n承知いたしました。楽しみにしております。', one),
      },
    ];
  },
};

export const arabic: Story = {
  key: 'arabic',
  length: 2,
  scenes: (n, { me }) => {
    const subject = pick(['موعد الاجتماع القادم', 'كتب جديدة وصلت', 'دعوة إلى المعرض'], n);
    const one: Scene = {
      from: IMANE,
      to: [me],
      subject,
      text: `مرحبًا،\n\nيسعدني أن أخبرك بأن الكتب التي طلبتها قد وصلت.\nيمكنك المرور في أي وقت هذا الأسبوع.\n\nمع أطيب التحيات\nإيمان\n`,
      html: `<div dir="rtl" lang="ar"><p>مرحبًا،</p><p>يسعدني أن أخبرك بأن <b>الكتب</b> التي طلبتها قد وصلت.</p><p>إيمان</p></div>`,
      place: { isImportant: n % 2 === 0 },
    };
    return [one, { from: IMANE, to: [me], subject: `Re: ${subject}`, text: 'تذكير لطيف: نغلق يوم الجمعة.\n' }];
  },
};

export const russian: Story = {
  key: 'russian',
  length: 2,
  scenes: (n, { me }) => {
    const subject = pick(['Черновик главы', 'Выставка в субботу', 'Перевод готов'], n);
    const one: Scene = {
      from: ELENA,
      to: [me],
      subject,
      text: `Привет!\n\nПосылаю новый вариант. Посмотри, пожалуйста, до пятницы,\nособенно вторую часть.\n\nЕлена\n`,
      charset: 'koi8-r',
    };
    return [one, { from: me, to: [ELENA], subject: `Re: ${subject}`, text: reply('Спасибо, прочту завтра.', one) }];
  },
};

export const emoji: Story = {
  key: 'emoji',
  length: 3,
  scenes: (n, { me }) => {
    const subject = `${pick(['🎉', '🌧️', '🚲', '🧑‍🍳'], n)} ${pick(['party at ours', 'plan B', 'ride on Sunday', 'dumplings'], n)}`;
    const one: Scene = {
      from: LEA,
      to: [me],
      subject,
      text: 'Tu viens ? 🥳 Dis-moi avant ce soir !\n',
      place: { isStarred: n % 4 === 1 },
    };
    const two: Scene = { from: me, to: [LEA], subject: `Re: ${subject}`, text: reply('Bien sûr 👍🏽', one) };
    return [one, two, { from: LEA, to: [me], subject: `Re: ${subject}`, text: reply('Parfait ❤️', two) }];
  },
};
