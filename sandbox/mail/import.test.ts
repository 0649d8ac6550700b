import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importMail } from './import.ts';
import { readMboxEntry, scanMbox } from './mbox.ts';

const now = new Date('2026-05-01T12:00:00Z');
let root = '';
const put = (name: string, content: string | Buffer) => {
  writeFileSync(join(root, name), content);
  return join(root, name);
};
const read = (path: string) => {
  const lines: string[] = [];
  const imported = importMail(path, { now, log: (line) => lines.push(line) });
  return { ...imported, lines, subjects: imported.mails.map((mail) => mail.envelope.subject) };
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-import-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a directory', () => {
  it('delivers every .eml and .mbox below it, and names what it skips in one line each', () => {
    const directory = join(root, 'tree');
    mkdirSync(join(directory, 'deep', 'er'), { recursive: true });
    mkdirSync(join(directory, 'folder.eml'));
    put('tree/b.EML', 'Subject: b\r\n\r\n');
    put('tree/deep/a.eml', 'From x@y.example Tue May 10 11:28:07 2005\nSubject: a\n\nbody');
    put(
      'tree/deep/er/c.mbox',
      'From x@y.example Tue May 10 11:28:07 2005\nSubject: c1\n\none\n\nFrom - Tue May 10 11:28:08 2005\nSubject: c2\n\ntwo\n',
    );
    put('tree/empty.eml', '');
    put('tree/picture.eml', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 10, 58, 58]));
    put('tree/list.eml', '{\n  "subject": "no"\n}\n');
    put('tree/notes.txt', 'Subject: not looked at\r\n\r\n');
    symlinkSync(join(directory, 'nowhere'), join(directory, 'lost.eml'));
    symlinkSync(directory, join(directory, 'deep', 'loop'));

    const { subjects, lines, skipped, mails } = read(directory);
    expect(subjects.sort()).toEqual(['a', 'b', 'c1', 'c2']);
    expect(skipped).toBe(5);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
    for (const name of ['empty.eml', 'folder.eml', 'list.eml', 'lost.eml', 'picture.eml']) {
      expect(lines.filter((line) => line.includes(name))).toHaveLength(1);
    }
    expect(mails[0]?.placement).toMatchObject({ mailbox: 'inbox', isRead: false });
    expect(read(directory).mails.map((mail) => mail.key)).toEqual(mails.map((mail) => mail.key));
  });

  it('refuses a path that is not there, by name', () => {
    expect(() => read(join(root, 'missing'))).toThrow(/SANDBOX_MAIL.*missing/);
  });
});

describe('one file', () => {
  it('is one mail, or an mbox by its first line', () => {
    expect(read(put('one.eml', 'Subject: one\n\nx')).subjects).toEqual(['one']);
    expect(
      read(put('archive', 'From a@b.example Mon Jan  5 10:00:00 2026\nSubject: in an archive\n\nx\n')).subjects,
    ).toEqual(['in an archive']);
  });

  it('has the time of receipt of its headers, but not one in the future', () => {
    const received =
      'Received: by a.example; Tue, 3 Mar 2026 10:00:00 +0000\r\nReceived: by b.example; Tue, 3 Mar 2020 10:00:00 +0000\r\n';
    const at = (name: string, content: string) => {
      const path = put(name, content);
      utimesSync(path, new Date('2026-01-02T03:04:05Z'), new Date('2026-01-02T03:04:05Z'));
      return read(path).mails[0]?.receivedAt.toISOString();
    };
    expect(at('d1.eml', `${received}Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n`)).toBe('2026-03-02T10:00:00.000Z');
    expect(at('d2.eml', `${received}Date: Mon, 2 Mar 2099 10:00:00 +0000\r\n\r\n`)).toBe('2026-03-03T10:00:00.000Z');
    expect(at('d3.eml', 'Date: soon\r\nSubject: x\r\n\r\n')).toBe('2026-01-02T03:04:05.000Z');
    expect(at('d4.mbox', 'From a@b.example Mon Jan  5 10:00:00 2026\nSubject: x\n\n')).toBe('2026-01-05T10:00:00.000Z');
  });
});

describe('mbox', () => {
  it('is not divided by lines of bodies, is unquoted, and keeps every other byte', () => {
    const first = 'Subject: 1\n\nFrom the start,\n\nFrom here on it is text\n>From quoted\n>>From twice\n';
    const second = 'Subject: 2\r\n\r\nb\xe9\r\n';
    const path = put(
      'hard.mbox',
      Buffer.from(
        `From a@b.example Mon Jan  5 10:00:00 2026\n${first}\nFrom c@d.example Mon Jan  5 10:00:00 +0100 2026\n${second}`,
        'latin1',
      ),
    );
    const mails = scanMbox(path).map((entry) => readMboxEntry(path, entry).toString('latin1'));
    expect(mails).toEqual([first.replace('>From q', 'From q').replace('>>From', '>From'), second]);
  });

  it('finds mails across the boundaries of its chunks', () => {
    const one = (n: number) => `From a@b.example Mon Jan  5 10:00:00 2026\nSubject: ${n}\n\n${'x'.repeat(n * 13)}\n\n`;
    const path = put('large.mbox', Array.from({ length: 600 }, (_, n) => one(n)).join(''));
    const subjects = scanMbox(path).map((entry) => /Subject: (\d+)/.exec(readMboxEntry(path, entry).toString())?.[1]);
    expect(subjects).toEqual(Array.from({ length: 600 }, (_, n) => String(n)));
  });
});
