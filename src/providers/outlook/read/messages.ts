import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, Detail } from '../../contract/list.ts';
import { MAX_ANSWER_BYTES, mapYielding } from '../../shared/by-size.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch, type Chain } from '../wire/batch.ts';
import { cost } from '../wire/client.ts';
import { AnswerTooLarge } from '../wire/errors.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { contentOf } from './content.ts';
import { ENVELOPE, FULL } from './fields.ts';
import { toMessage } from './map.ts';

export const noSuchMessage = (): MailError =>
  new MailError('NOT_FOUND', 'There is no such message in this Outlook account.');

/** Reads one message in a request of its own, and several in $batch requests. */
export async function getMessages(
  account: GraphAccount,
  ids: readonly string[],
  detail: Detail,
  call: Call,
): Promise<Batch<Message>> {
  const { select, expand, prefer } = detail === 'full' ? FULL : ENVELOPE;
  const paths = ids.map((id) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: select, $expand: expand }) : null,
  );
  const options: ReadOptions = {
    operation: 'messages.get',
    ...(prefer === undefined ? {} : { prefer }),
    ...(detail === 'full' ? { maxBytes: MAX_ANSWER_BYTES } : {}),
  };
  const answers = await getLiving(account, paths, options, call);
  return mapYielding(answers, bodyLength, (answer) => (isMailError(answer) ? answer : toDetail(answer, detail)));
}

export const bodyLength = (answer: GraphMessage | MailError): number =>
  isMailError(answer) ? 0 : (answer.body?.content?.length ?? 0);

interface ReadOptions {
  readonly operation: string;
  readonly prefer?: string;
  /** Limit for the answer of one $batch. A longer one is requested in parts. */
  readonly maxBytes?: number;
}

/**
 * Reads the messages at these paths, whose requests must select parentFolderId. Returns NOT_FOUND for a message that
 * does not exist or was deleted.
 */
export async function getLiving(
  account: GraphAccount,
  paths: readonly (string | null)[],
  options: ReadOptions,
  call: Call,
): Promise<Batch<GraphMessage>> {
  const { deletions } = account;
  const readsDeletions = !deletions.isKnown && paths.some((p) => p !== null);
  const allPaths = readsDeletions ? [deletions.path, ...paths] : paths;
  const answers = await getEntities<GraphMessage>(account, allPaths, options, call);
  if (readsDeletions) deletions.learn(answers[0]);
  account.folders.note(answers.flatMap((answer) => (isMailError(answer) ? [] : answer)));
  return (readsDeletions ? answers.slice(1) : answers).map((answer) => {
    if (isMailError(answer)) return answer.code === 'NOT_FOUND' ? noSuchMessage() : answer;
    return answer.id && !deletions.holds(answer) ? answer : noSuchMessage();
  });
}

export const toDetail = (message: GraphMessage, detail: Detail): Message =>
  toMessage(message, detail === 'full' ? contentOf(message) : null);

/**
 * Reads the entity at each path, in order. A null path yields NOT_FOUND. Every error but an abort is returned as a
 * value.
 */
export async function getEntities<T>(
  account: GraphAccount,
  paths: readonly (string | null)[],
  options: ReadOptions,
  call: Call,
): Promise<Batch<T>> {
  const known = paths.filter((p) => p !== null);
  const answers =
    known.length === 1
      ? [await getOne<T>(account, known[0] ?? '', options, call)]
      : await getMany<T>(account, known, options, call);
  let next = 0;
  return paths.map((p) => (p === null ? noSuchMessage() : (answers[next++] ?? noSuchMessage())));
}

async function getMany<T>(
  account: GraphAccount,
  paths: readonly string[],
  options: ReadOptions,
  call: Call,
): Promise<Batch<T>> {
  const { operation, ...more } = options;
  const chains = paths.map((p): Chain => [{ method: 'GET', path: p, ...more }]);
  const answers = [...(await batch<T>(account.graph, operation, chains, call))];
  for (const [n, answer] of answers.entries()) {
    if (answer instanceof AnswerTooLarge) answers[n] = await getOne<T>(account, paths[n] ?? '', options, call);
  }
  return answers;
}

/** Reads the entity at one path. Every error but an abort is returned as a value. */
export async function getOne<T>(
  account: GraphAccount,
  p: string,
  { operation, prefer }: ReadOptions,
  call: Call,
): Promise<T | MailError> {
  try {
    return await account.graph.json<T>(
      { method: 'GET', path: p, cost: cost(operation), ...(prefer === undefined ? {} : { prefer }) },
      call,
    );
  } catch (error) {
    if (call.signal.aborted || !isMailError(error)) throw error;
    return error;
  }
}
