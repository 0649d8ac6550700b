import { afterEach, describe, expect, it, vi } from 'vitest';
import { shortHash } from '../../src/platform/short-hash.ts';
import type { Patch } from '../../src/providers/contract/mail-session.ts';
import {
  areLabelsDue,
  changedLabels,
  labelHashes,
  readLabels,
} from '../../src/providers/gmail/changes/label-hashes.ts';
import { LabelTree } from '../../src/providers/gmail/read/label-tree.ts';
import { mailboxIdsOf, systemName, toMailboxes } from '../../src/providers/gmail/read/labels.ts';
import type { GmailClient } from '../../src/providers/gmail/wire/client.ts';
import { LabelChange } from '../../src/providers/gmail/write/label-change.ts';
import { nearestColor } from '../../src/providers/gmail/write/label-colors.ts';
import { deleteMailbox, saveMailbox } from '../../src/providers/gmail/write/save-mailbox.ts';

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

describe('labels that are written while they are read', () => {
  afterEach(() => void vi.useRealTimers());
  const call = { signal: new AbortController().signal, priority: 'interactive' } as const;
  const ours = { id: 'Label_1', name: 'Ours', type: 'user' };
  /** A client each of whose requests takes two seconds. */
  function aClient(during: (operation: string) => Promise<void> | void): GmailClient {
    vi.useFakeTimers({ toFake: ['Date'] });
    const request = async (operation: string) => {
      vi.setSystemTime(Date.now() + 1_000);
      await during(operation);
      vi.setSystemTime(Date.now() + 1_000);
      return operation === 'labels.list' ? { labels: [ours] } : ours;
    };
    return { labelsWrittenAt: 0, options: { access: 'FULL' }, request } as unknown as GmailClient;
  }

  it.each([
    ['saved', 'labels.create', false, (client: GmailClient) => saveMailbox(client, { id: null, name: 'New' }, call)],
    [
      'saved without an answer',
      'labels.create',
      true,
      (client) => saveMailbox(client, { id: null, name: 'New' }, call),
    ],
    ['deleted', 'labels.delete', false, (client) => deleteMailbox(client, ours.id, call)],
  ] as [string, string, boolean, (client: GmailClient) => Promise<unknown>][])(
    'are read again after one was %s',
    async (_what, operation, isLost, write) => {
      const hashes: ReturnType<typeof labelHashes>[] = [];
      const client = aClient(async (asked) => {
        if (asked !== operation) return;
        hashes.push(labelHashes(await readLabels(client, call)));
        if (isLost) throw new Error('the answer is lost');
      });
      await write(client).catch((error: Error) => expect(error.message).toBe('the answer is lost'));
      expect(hashes.map((read) => areLabelsDue(client, read))).toEqual([true]);
    },
  );

  it('are read again although the write ended before they were listed', async () => {
    const client = aClient(() => {
      client.labelsWrittenAt = Math.floor(Date.now() / 1_000);
    });
    const reading = labelHashes(await readLabels(client, call));
    expect(areLabelsDue(client, reading)).toBe(true);
  });
});

const words = (text: string): string[] => text.split(' ').filter(Boolean);

describe('labels that have changed since a cursor', () => {
  const label = (id: string, name: string, backgroundColor?: string) => ({
    id,
    name,
    type: 'user',
    ...(backgroundColor && { color: { backgroundColor } }),
  });
  type Label = ReturnType<typeof label>;
  const [parent, child, other] = [label('1', 'Work'), label('2', 'Work/Plans'), label('3', 'Other')];
  const hashesOf = (...labels: Label[]) => labelHashes({ labels, readAt: 0 });
  const before = hashesOf(parent, child, other);
  it.each([
    ['nothing', [other, parent, child], []],
    ['a renamed label, whose children no longer are inside it', [label('1', 'Job'), child, other], ['1', '2']],
    ['a deleted label, whose children remain', [child, other], ['1', '2']],
    ['a colour', [parent, child, label('3', 'Other', '#16a765')], ['3']],
    ['a label that takes the name of a deleted one', [label('4', 'Work'), child, other], ['1', '2', '4']],
  ])('are told: %s', (_what, now, expected) => {
    expect(changedLabels(before, now).sort()).toEqual(expected);
  });

  it('are told of a new label by whose name another is inside it', () => {
    expect(changedLabels(hashesOf(child, other), [parent, child, other]).sort()).toEqual(['1', '2']);
  });

  it('are not told of because of the cursor of an earlier release', () => {
    const labels = Object.fromEntries(
      [parent, child, other].map(({ id, name }) => [id, shortHash(JSON.stringify([name, undefined]), 5)]),
    );
    const earlier = { labels, nested: false, readAt: 0 };
    expect(changedLabels(earlier, [parent, child, other])).toEqual([]);
    expect(changedLabels(earlier, [parent, child, label('3', 'Others')])).toEqual(['3']);
    // The earlier release, which runs beside this one for a while, compares by the same hashes.
    expect([before.labels['1'], before.labels['3']]).toEqual([labels['1'], labels['3']]);
  });
});
