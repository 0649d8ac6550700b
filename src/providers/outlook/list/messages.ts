import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import type { Call } from '../../contract/call.ts';
import type { Evaluation, ListQuery, Page, PageRequest, Unreadable } from '../../contract/list.ts';
import { MAX_ANSWER_BYTES, mapYielding, runsBySize } from '../../shared/by-size.ts';
import { ENVELOPE, type Fields, FULL } from '../read/fields.ts';
import { bodyLength, getMessages, toDetail } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { AnswerTooLarge } from '../wire/errors.ts';
import { listByDate } from './by-date.ts';
import { listBySearch } from './by-search.ts';
import { writePosition } from './cursor.ts';
import { toFilter } from './filter.ts';
import { checkOf, evaluationOf, listPlanOf, searchesFor } from './list-plan.ts';
import { learnHidden } from './listing.ts';

export interface GraphPage {
  /** Every message here meets the query. */
  readonly messages: readonly GraphMessage[];
  readonly next: string | null;
  readonly evaluation: Evaluation | undefined;
  /** True when envelopes were read, whatever fields were requested, to check them against the query. */
  readonly isChecked: boolean;
  readonly spent: number;
  readonly truncated: boolean;
}

/**
 * Lists one page, newest first. Whole messages are read when the caller needs them, unless they are too long for one
 * answer.
 */
export async function listMessages(
  account: GraphAccount,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Message>> {
  const detail = page.detail ?? 'envelope';
  const read = await readPage(account, query, page, call).catch((error: unknown) => {
    if (!(error instanceof AnswerTooLarge)) throw error;
    return readPage(account, query, { ...page, detail: 'envelope' }, call);
  });
  // Messages that are checked against a condition are listed as envelopes.
  const isWhole = detail === 'envelope' || read.messages.every(({ body }) => body !== undefined);
  const items = isWhole
    ? await mapYielding(read.messages, bodyLength, (message) => toDetail(message, detail))
    : await readInRuns(account, read.messages, call);
  const { next, evaluation, spent, truncated } = read;
  return {
    items,
    next,
    spent,
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(truncated ? { truncated } : {}),
  };
}

/** Number of runs of long messages that are read at a time. Each takes about 20 MB while it is read. */
const RUNS_AT_ONCE = 2;

/** Reads whole messages for envelopes, whose sizes decide how many are read at once. */
async function readInRuns(
  account: GraphAccount,
  listed: readonly GraphMessage[],
  call: Call,
): Promise<(Message | Unreadable)[]> {
  const envelopes = listed.map((message) => toDetail(message, 'envelope'));
  const runs = runsBySize(envelopes, ({ sizeBytes }) => sizeBytes);
  const read: (Message | Unreadable)[][] = [];
  let next = 0;
  const worker = async () => {
    while (next < runs.length) {
      const n = next++;
      read[n] = await readRun(account, runs[n] ?? [], call);
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, worker));
  return read.flat();
}

/** Messages that disappeared since they were listed are left out. */
async function readRun(
  account: GraphAccount,
  envelopes: readonly Message[],
  call: Call,
): Promise<(Message | Unreadable)[]> {
  const ids = envelopes.map(({ id }) => id);
  const read = await getMessages(account, ids, 'full', call);
  return read.flatMap((one, n): (Message | Unreadable)[] => {
    if (!isMailError(one)) return [one];
    return one.code === 'NOT_FOUND' ? [] : [{ id: ids[n] ?? '', error: one }];
  });
}

/**
 * Reads one page of messages that meet the query, each checked by its envelope. Words of bodies are found by `$search`.
 * So are words of names and subjects, because a list by date would have to be read to its end. Everything else is found
 * by `$filter`.
 * @param fields in a list without a condition, the fields to read of each message instead of `detail`
 */
export async function readPage(
  account: GraphAccount,
  query: ListQuery,
  page: PageRequest,
  call: Call,
  fields?: Fields,
): Promise<GraphPage> {
  const plan = listPlanOf(query);
  const evaluation = evaluationOf(plan);
  if (plan.matchesNothing)
    return { messages: [], next: null, evaluation, isChecked: false, spent: 0, truncated: false };
  // A filter by an outdated list of hidden folders would leave out messages that are visible by now.
  const isStale = account.hidden.ids !== null && account.hidden.isDue;
  if (plan.isWholeAccount && (plan.namesMailbox || isStale)) await learnHidden(account, call);
  const filter = toFilter(checkOf(plan, account.hidden.ids ?? []));
  const search = searchesFor(plan, filter);
  const isChecked = search !== null || plan.words !== null || !filter.isExact;
  const isFull = page.detail === 'full' && !isChecked;
  const requested = (isChecked ? undefined : fields) ?? (isFull ? { ...FULL, maxBytes: MAX_ANSWER_BYTES } : ENVELOPE);
  const request = { operation: 'messages.list', ...requested };
  const read =
    search === null
      ? await listByDate(account, plan, filter, request, page, call)
      : await listBySearch(account, plan, filter, search, request, page, call);
  account.folders.note(read.messages);
  return {
    messages: read.messages.filter((m) => !page.skip?.(m.id ?? '')),
    next: read.next && writePosition(read.next),
    evaluation,
    isChecked,
    spent: read.spent,
    truncated: read.truncated,
  };
}
