import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault, World } from '../../world.ts';
import { MIN_SERVICE_MS, type Presence } from '../mailbox/presence.ts';
import type { Answer } from './request.ts';

/** An answer, and what happens to it on its way to the client. */
export interface Outcome {
  /** Null: the request hangs and is not answered. */
  readonly answer: Answer | null;
  readonly fate: 'answered' | 'hangs' | 'lost' | 'truncated';
}

/**
 * Handles a request under the fault that applies to it, if there is one. A part of a batch has no round trip of its own, so only
 * a fault that names its operation delays it.
 */
export async function playFault(
  world: World,
  account: string | null,
  operation: string,
  work: (fault: Fault | null) => Answer | null | Promise<Answer | null>,
  refuse: (fault: Fault, now: Date) => Answer,
  { isPart = false, presence }: { isPart?: boolean; presence?: Presence } = {},
): Promise<Outcome> {
  const fault = world.faults.meet('microsoft', account, operation);
  const latencyMs = isPart && fault?.operation === undefined ? 0 : (fault?.latencyMs ?? 0);
  if (latencyMs > MIN_SERVICE_MS) await sleep(latencyMs);
  else if (presence && account !== null) await presence.serve(account);
  else await sleep(MIN_SERVICE_MS);
  await fault?.cleared;
  if (fault?.hang) return { answer: null, fate: 'hangs' };
  const answer = fault?.status === undefined ? await work(fault) : refuse(fault, world.now());
  return {
    answer: spoilt(answer, fault),
    fate: fault?.loseAnswer ? 'lost' : fault?.truncate ? 'truncated' : 'answered',
  };
}

/** Returns the answer with the fault's body. Its content type stays JSON, whatever the body is. */
function spoilt(answer: Answer | null, fault: Fault | null): Answer | null {
  if (answer === null || fault?.body === undefined) return answer;
  return { ...answer, headers: { 'Content-Type': JSON_TYPE, ...answer.headers }, body: Buffer.from(fault.body) };
}

const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

export function send(reply: FastifyReply, { answer, fate }: Outcome): FastifyReply {
  if (answer === null || fate === 'hangs') return reply.hijack();
  if (fate === 'lost') {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  const { headers, payload } = wire(answer);
  if (fate === 'truncated') {
    reply.hijack();
    reply.raw.writeHead(answer.status, { ...headers, 'Content-Length': Math.max(payload.length, 2) });
    reply.raw.write(payload.subarray(0, Math.floor(payload.length / 2)), () => reply.raw.destroy());
    return reply;
  }
  return reply
    .status(answer.status)
    .headers(headers)
    .send(payload.length === 0 ? undefined : payload);
}

function wire(answer: Answer): { headers: Record<string, string>; payload: Buffer } {
  if (answer.body === undefined) return { headers: { ...answer.headers }, payload: Buffer.alloc(0) };
  if (Buffer.isBuffer(answer.body))
    return { headers: { 'Content-Type': 'application/octet-stream', ...answer.headers }, payload: answer.body };
  return {
    headers: { 'Content-Type': JSON_TYPE, ...answer.headers },
    payload: Buffer.from(JSON.stringify(answer.body)),
  };
}
