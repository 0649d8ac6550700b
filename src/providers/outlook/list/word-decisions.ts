import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import { receivedAt } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { IDS, newestHits } from './hits.ts';
import type { ListPlan } from './list-plan.ts';

/** What the index has decided about listed messages. */
interface Decided {
  /** Returns whether the message has the right words, or undefined when that is not decided yet. */
  isMet(message: GraphMessage): boolean | undefined;
  readonly isCut: boolean;
  readonly spent: number;
}

const NONE: Decided = { isMet: () => true, isCut: false, spent: 0 };

/**
 * Asks the index which of these messages its searches find. The searches cover the days of the messages and read ids
 * only. The listed messages that a search does not find lack its words, which decides exclusions.
 */
export async function decideWords(
  account: GraphAccount,
  plan: ListPlan,
  messages: readonly GraphMessage[],
  call: Call,
): Promise<Decided> {
  const { words } = plan;
  if (words === null || words.searches.length === 0 || messages.length === 0) return NONE;
  const times = messages.map((message) => receivedAt(message).getTime());
  const to = times.reduce((latest, at) => Math.max(latest, at));
  let from = times.reduce((earliest, at) => Math.min(earliest, at));
  const found = new Map<string, ReadonlySet<string>>();
  let isCut = false;
  let spent = 0;
  for (const search of words.searches) {
    const terms = words.base === null ? [search] : [words.base, search];
    const hits = await newestHits(account, plan, terms, { from, to }, IDS, call);
    from = Math.max(from, hits.from ?? from);
    isCut ||= hits.isCut;
    spent += hits.spent;
    found.set(search, new Set(hits.messages.map(({ id }) => id ?? '')));
  }
  return {
    isMet: (message) =>
      receivedAt(message).getTime() < from
        ? undefined
        : words.isMet((search) => found.get(search)?.has(message.id ?? '') ?? false),
    isCut,
    spent,
  };
}
