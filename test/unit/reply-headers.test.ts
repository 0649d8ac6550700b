import { describe, expect, it } from 'vitest';
import { forwardSubject, replySubject, threadingBelow } from '../../src/mail/compose/reply-headers.ts';
import { aMessage, someContent } from '../support/fakes/fake-account.ts';

describe('the subject', () => {
  it.each([
    ['Lunch', 'Re: Lunch'],
    ['Re: Lunch', 'Re: Lunch'],
    [' RE: re : Re: Lunch', 'Re: Lunch'],
    ['RE: Re[2]: Lunch', 'Re: Re[2]: Lunch'],
    ['AW: Mittag', 'Re: AW: Mittag'],
    ['Re: 回复: Budget', 'Re: 回复: Budget'],
    ['回复：午餐', 'Re: 回复：午餐'],
    ['re：午餐', 'Re: re：午餐'],
    ['Fwd: Lunch', 'Re: Fwd: Lunch'],
    ['Regarding: Lunch', 'Re: Regarding: Lunch'],
    ['Reunion', 'Re: Reunion'],
    ['', 'Re:'],
  ])('of a reply to "%s" is "%s"', (subject, expected) => expect(replySubject(subject)).toBe(expected));

  it.each([
    ['Lunch', 'Fwd: Lunch'],
    ['FW: Fwd: Lunch', 'Fwd: Lunch'],
    ['WG: Mittag', 'Fwd: WG: Mittag'],
    ['Re: Lunch', 'Fwd: Re: Lunch'],
  ])('of a forward of "%s" is "%s"', (subject, expected) => expect(forwardSubject(subject)).toBe(expected));
});

describe('the references', () => {
  const below = (id: string | null, references: string[], inReplyTo: string[] = []) =>
    threadingBelow(aMessage('m', { internetMessageId: id, content: someContent({ references, inReplyTo }) }));

  it('are those of the parent, and the parent (RFC 5322 3.6.4)', () => {
    expect(below('c@x', ['a@x', 'b@x'])).toEqual({ inReplyTo: ['c@x'], references: ['a@x', 'b@x', 'c@x'] });
    expect(below('c@x', [], ['b@x']).references).toEqual(['b@x', 'c@x']);
    expect(below('c@x', [], ['a@x', 'b@x']).references).toEqual(['c@x']);
    expect(below(null, ['a@x'])).toEqual({ inReplyTo: [], references: ['a@x'] });
    expect(below('b@x', ['a@x', 'b@x']).references).toEqual(['a@x', 'b@x']);
  });

  it('stay short, and contain nothing that would break the header', () => {
    const many = Array.from({ length: 200 }, (_, i) => `${i}@x`);
    const { references } = below('last@x', many);
    expect([references.length, references[0], references.at(-1)]).toEqual([50, '0@x', 'last@x']);
    expect(below('a@x\r\nBcc: v@x', ['b @x', '<c@x>', 'd@x'])).toEqual({ inReplyTo: [], references: ['d@x'] });
  });
});
