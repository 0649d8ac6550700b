import { expect, it } from 'vitest';
import { envelopeOf } from './envelope.ts';
import { generateMail } from './generate.ts';
import type { Mail } from './mail.ts';

const personal = { name: 'Demo Postern', address: 'demo@gmail.example' };
const work = { name: 'Demo Postern', address: 'demo@outlook.example' };
const home = (count: number, now: Date) => [...generateMail('home', { me: personal, personal, work }, count, now)];
const office = (count: number, now: Date) => [...generateMail('office', { me: work, personal, work }, count, now)];
const now = new Date('2026-05-01T13:30:00Z');
const ids = (mails: readonly Mail[]) => mails.map((mail) => mail.envelope.messageId);

it('is the same each time, byte for byte, and only its dates depend on the day', () => {
  const raw = (mails: readonly Mail[]) => Buffer.concat(mails.map((mail) => mail.raw())).toString('latin1');
  expect(raw(home(60, now))).toBe(raw(home(60, new Date('2026-05-01T17:59:00Z'))));
  const later = home(60, new Date('2026-06-01T13:30:00Z'));
  expect(later.map((mail) => mail.key)).toEqual(home(60, now).map((mail) => mail.key));
  expect(ids(later)).toEqual(ids(home(60, now)));
});

it('has the same envelopes as its bytes', () => {
  for (const mail of [...home(300, now), ...office(300, now)]) {
    const { preview, ...parsed } = envelopeOf(mail.mime(), mail.raw().length);
    expect({ ...mail.envelope }).toMatchObject({ ...parsed, preview });
  }
});

it('comes newest first, nothing from the future, every id once', () => {
  for (const mails of [home(2000, now), office(2000, now)]) {
    const times = mails.map((mail) => mail.receivedAt.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(times[0]).toBeLessThan(now.getTime());
    expect(new Set(ids(mails)).size).toBe(2000);
    expect(new Set(mails.map((mail) => mail.key)).size).toBe(2000);
  }
});

it('contains some conversations in both mailboxes, with the same mails', () => {
  const inOffice = new Map(office(300, now).map((mail) => [mail.envelope.messageId, mail]));
  const both = home(300, now).filter((mail) => inOffice.has(mail.envelope.messageId));
  expect(both.length).toBeGreaterThan(20);
  for (const mail of both) expect(inOffice.get(mail.envelope.messageId)?.receivedAt).toEqual(mail.receivedAt);
});

it('has examples of everything that clients show', () => {
  const all = [...home(300, now), ...office(300, now)];
  const some = (test: (mail: Mail) => boolean) => expect(all.filter(test).length).toBeGreaterThan(1);
  expect(new Set(all.map((mail) => mail.envelope.from?.address)).size).toBeGreaterThanOrEqual(24);
  for (const place of ['inbox', 'sent', 'archive', 'drafts', 'trash', 'junk'])
    some((mail) => mail.placement.mailbox === place);
  some(({ placement: { mailbox } }) => typeof mailbox === 'object' && mailbox.name === 'Projects/Atlas');
  some((mail) => mail.placement.isStarred);
  some((mail) => mail.placement.isImportant);
  some((mail) => !mail.placement.isRead);
  some((mail) => mail.placement.labels.length > 0);
  some((mail) => mail.envelope.references.length >= 4);
  some((mail) => /[\u3040-\u30ff]/.test(mail.envelope.subject));
  some((mail) => /[\u0600-\u06ff]/.test(mail.envelope.subject));
  some((mail) => /[\u0400-\u04ff]/.test(mail.envelope.subject));
  some((mail) => /\p{Extended_Pictographic}/u.test(mail.envelope.subject));
  some((mail) => /List-Unsubscribe-Post/.test(mail.raw().toString('latin1')));
  some((mail) => /src="cid:/.test(mail.raw().toString('latin1')));
  for (const type of ['image/png', 'application/pdf', 'text/csv', 'text/calendar']) {
    some((mail) => mail.raw().includes(`Content-Type: ${type}`));
  }
});

it('makes a large mailbox as quickly as a small one: nothing is built before it is read', () => {
  const before = process.cpuUsage();
  const mails = [...home(50_000, now), ...office(50_000, now)];
  expect(mails).toHaveLength(100_000);
  expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  expect(mails[49_999]?.envelope.subject).toBeTruthy();
});
