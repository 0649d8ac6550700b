import { listMessages, listThreads, type OracleMail, type Person, type Where } from './oracle.ts';
import type { Found, Kind, OracleAccount, Question, Row } from './world.ts';

/** Returns the rows that the scan finds, in the form in which the gateway answers. */
export function expectedRows(
  mails: readonly OracleMail[],
  { manner }: OracleAccount,
  { kind, where = { all: [] }, scope }: Pick<Question, 'kind' | 'where' | 'scope'>,
): Row[] {
  if (kind === 'threads')
    return listThreads(mails, where, manner, scope).map(({ thread, at }) => ({ key: thread, at }));
  const precise = (at: number) => Math.floor(at / manner.precision) * manner.precision;
  return listMessages(mails, where, manner, scope).map(({ messageId, receivedAt }) => ({
    key: messageId,
    at: precise(receivedAt),
  }));
}

/** Returns how the answer differs from what the scan finds, or null if it does not. */
export function faultOf(
  mails: readonly OracleMail[],
  expected: readonly Row[],
  found: Found,
  kind: Kind,
): string | null {
  const threads = new Map(mails.map(({ messageId, thread }) => [messageId, thread]));
  const rows =
    kind === 'threads' ? found.rows.map(({ key, at }) => ({ key: threads.get(key) ?? key, at })) : found.rows;
  const keys = rows.map(({ key }) => key);
  const wanted = new Map(expected.map(({ key, at }) => [key, at]));
  const named = (list: readonly string[]) => list.map((key) => describe(mails, key)).join('\n  ');
  const repeated = keys.filter((key, at) => keys.indexOf(key) !== at);
  if (repeated.length > 0) return `${repeated.length} repeated:\n  ${named(repeated.slice(0, 2))}`;
  const missed = [...wanted.keys()].filter((key) => !keys.includes(key));
  const wrong = keys.filter((key) => !wanted.has(key));
  if (missed.length + wrong.length > 0)
    return [
      `of ${wanted.size}: ${missed.length} missed, ${wrong.length} wrong; evaluation ${[...new Set(found.evaluations)]}`,
      ...(missed.length > 0 ? [`missed:\n  ${named(missed.slice(0, 2))}`] : []),
      ...(wrong.length > 0 ? [`wrong:\n  ${named(wrong.slice(0, 2))}`] : []),
    ].join('\n');
  const moved = rows.find(({ key, at }) => wanted.get(key) !== at);
  if (moved)
    return `at ${new Date(moved.at).toISOString()} instead of ${new Date(wanted.get(moved.key) ?? 0).toISOString()}:\n  ${named([moved.key])}`;
  const late = rows.findIndex(({ at }, index) => index > 0 && at > (rows[index - 1] as Row).at);
  if (late >= 0) return `out of order at ${late}:\n  ${named(keys.slice(late - 1, late + 1))}`;
  return null;
}

function describe(mails: readonly OracleMail[], key: string): string {
  const mail = mails.find(({ messageId }) => messageId === key);
  if (!mail) return `unknown ${key}`;
  const { subject, place, labels, files, text, receivedAt } = mail;
  const who = (list: readonly (Person | null)[]) =>
    list.map((one) => (one ? `${one.name} <${one.address}>` : '')).join(', ');
  const flags = [mail.isRead ? 'read' : 'unread', mail.isStarred ? 'starred' : '', mail.isImportant ? 'important' : ''];
  return [
    `${key} ${new Date(receivedAt).toISOString()} in ${[typeof place === 'string' ? place : place.name, ...labels]}`,
    `${flags.filter(Boolean)}; from ${who([mail.from, mail.sender])}; to ${who([...mail.to, ...mail.cc, ...mail.bcc])}`,
    `"${subject}"; files ${files}; ${text.slice(0, 120).replaceAll('\n', ' ')}`,
  ].join('\n    ');
}

/** Returns a smaller condition that also fails, so that the report is short. */
export async function smallest(where: Where, fails: (where: Where) => Promise<boolean>): Promise<Where> {
  for (let left = 40; left > 0; ) {
    let isSmaller = false;
    for (const each of smaller(where)) {
      left -= 1;
      if (left <= 0 || !(await fails(each))) continue;
      where = each;
      isSmaller = true;
      break;
    }
    if (!isSmaller) break;
  }
  return where;
}

function smaller(where: Where): Where[] {
  if ('not' in where) return [where.not, ...smaller(where.not).map((not) => ({ not }))];
  if (!('all' in where) && !('any' in where)) return [];
  const isAll = 'all' in where;
  const parts = isAll ? where.all : where.any;
  const of = (list: readonly Where[]): Where => (isAll ? { all: list } : { any: list });
  return [
    ...parts,
    ...(parts.length > 1 ? parts.map((_, at) => of(parts.toSpliced(at, 1))) : []),
    ...parts.flatMap((part, at) => smaller(part).map((less) => of(parts.toSpliced(at, 1, less)))),
  ];
}
