import { describe, expect, it } from 'vitest';
import type { Patch } from '../../src/providers/contract/mail-session.ts';
import { LabelTree } from '../../src/providers/gmail/read/label-tree.ts';
import { mailboxIdsOf, systemName, toMailboxes } from '../../src/providers/gmail/read/labels.ts';
import { LabelChange } from '../../src/providers/gmail/write/label-change.ts';
import { nearestColor } from '../../src/providers/gmail/write/label-colors.ts';

const changed = (...patches: Omit<Patch, 'id'>[]) => {
  const change = new LabelChange();
  for (const patch of patches) change.apply({ id: 'x', ...patch });
  return { add: change.add, remove: change.remove, fixed: change.fixed };
};

describe('what a patch does to labels', () => {
  it.each<[Omit<Patch, 'id'>, string, string]>([
    [{ isRead: true, isStarred: false, isImportant: true }, 'IMPORTANT', 'STARRED UNREAD'],
    [{ addMailboxIds: ['Label_1'], removeMailboxIds: ['Label_2'] }, 'Label_1', 'Label_2'],
    [{ moveTo: 'ARCHIVE' }, '', 'INBOX SPAM TRASH'],
    [{ moveTo: 'INBOX' }, 'INBOX', 'SPAM TRASH'],
    [{ moveTo: 'TRASH' }, 'TRASH', 'INBOX SPAM'],
    [{ moveTo: 'JUNK' }, 'SPAM', 'INBOX TRASH'],
    [{ moveTo: { mailboxId: 'Label_1', fromMailboxId: null } }, 'Label_1', 'INBOX SPAM TRASH'],
    [{ moveTo: { mailboxId: 'Label_1', fromMailboxId: 'Label_2' } }, 'Label_1', 'Label_2 SPAM TRASH'],
    [{ moveTo: { mailboxId: 'Label_1', fromMailboxId: 'SENT' } }, 'Label_1', 'SPAM TRASH'],
    [{ moveTo: { mailboxId: 'TRASH', fromMailboxId: 'Label_2' } }, 'TRASH', 'INBOX Label_2 SPAM'],
  ])('%j', (patch, add, remove) => {
    expect(changed(patch)).toEqual({ add: words(add), remove: words(remove), fixed: undefined });
  });

  it('uses the last of several values, and names what Gmail manages itself', () => {
    expect(changed({ moveTo: 'TRASH' }, { moveTo: 'INBOX' })).toMatchObject({
      add: ['INBOX'],
      remove: ['SPAM', 'TRASH'],
    });
    expect(changed({ isRead: true }, { isRead: false })).toMatchObject({ add: ['UNREAD'], remove: [] });
    expect(changed({ addMailboxIds: ['SENT'] }).fixed).toBe('SENT');
    expect(changed({ removeMailboxIds: ['DRAFT'] }).fixed).toBe('DRAFT');
  });
});

describe('labels that are mailboxes', () => {
  const listed = (...labels: { id: string; type: string }[]) =>
    toMailboxes(labels.map((label) => ({ ...label, name: label.id }))).map(({ id }) => id);

  it("are the system's own labels that mean a mailbox, and the user's labels, whatever their names", () => {
    expect(
      mailboxIdsOf(['INBOX', 'CATEGORY_SOCIAL', 'UNREAD', 'CHAT', 'GREEN_CHECK', 'Label_12', 'NEXT_THING']),
    ).toEqual(['INBOX', 'CATEGORY_SOCIAL', 'Label_12']);
    expect(listed({ id: 'constructor', type: 'user' })).toEqual(['constructor']);
    expect(systemName('constructor')).toBeUndefined();
    expect(systemName('RED_BANG')).toBe('RED_BANG');
  });
});

describe('the nearest colour', () => {
  it.each([
    ['#16a765', '#16a765', '#ffffff'],
    ['#FFFFFF', '#ffffff', '#000000'],
    ['#010203', '#000000', '#ffffff'],
    ['#ff0000', '#cc3a21', '#ffffff'],
    ['#ffff00', '#fad165', '#000000'],
  ])('to %s is %s', (hex, backgroundColor, textColor) => {
    expect(nearestColor(hex)).toEqual({ backgroundColor, textColor });
  });

  it.each(['red', '#fff', '#12345g', '', '#123456 '])('of %j is none', (hex) => {
    expect(nearestColor(hex)).toBeNull();
  });
});

describe('the tree of label names', () => {
  const own = (id: string, name: string) => ({ id, name, type: 'user' });
  const tree = new LabelTree([
    { id: 'INBOX', name: 'INBOX', type: 'system' },
    own('w', 'Work'),
    own('wp', 'Work/Projects'),
    own('wpd', 'Work/Projects/Deep'),
    own('wx', 'Work/Missing/X'),
    own('wo', 'Workshop'),
    own('h', 'Home'),
  ]);

  it('finds all descendants, the deepest first, by whole names', () => {
    expect(tree.below(tree.find('w')).map(({ id }) => id)).toEqual(['wpd', 'wx', 'wp']);
  });

  it('renames descendants along, and leaves a label in its position', () => {
    const name = tree.nameFor(tree.find('wp'), { id: 'wp', name: 'Plans' });
    expect(name).toBe('Work/Plans');
    expect(tree.renames(tree.find('wp'), name)).toEqual([{ id: 'wpd', name: 'Work/Plans/Deep' }]);
    expect(tree.nameFor(tree.find('wx'), { id: 'wx', parentId: 'h' })).toBe('Home/Missing/X');
    expect(tree.nameFor(tree.find('wp'), { id: 'wp', parentId: null })).toBe('Projects');
  });

  it.each([
    ['Inbox', 'CONFLICT'],
    ['all mail', 'CONFLICT'],
    ['work', 'CONFLICT'],
    ['Work/projects', 'CONFLICT'],
    ['a//b', 'BAD_USER_INPUT'],
    ['/a', 'BAD_USER_INPUT'],
    ['x'.repeat(226), 'BAD_USER_INPUT'],
    ['a\u0000b', 'BAD_USER_INPUT'],
  ])('refuses the name %j with %s', (name, code) => {
    expect(() => tree.nameFor(null, { id: null, name })).toThrow(expect.objectContaining({ code, field: ['name'] }));
  });

  it('refuses invalid parents', () => {
    const below = (id: string, parentId: string) => () => tree.nameFor(tree.find(id), { id, parentId });
    expect(below('w', 'wpd')).toThrow(expect.objectContaining({ code: 'INVALID' }));
    expect(below('w', 'w')).toThrow(expect.objectContaining({ code: 'INVALID' }));
    expect(below('w', 'INBOX')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(below('w', 'gone')).toThrow(expect.objectContaining({ code: 'NOT_FOUND', field: ['parentId'] }));
  });
});

const words = (text: string): string[] => text.split(' ').filter(Boolean);
