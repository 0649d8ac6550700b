import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';

/**
 * The condition of a list that leaves out trash and junk (`hidden`, by mailbox id), with that said in it. Trash and junk come
 * in only where the condition asks for them by name: a message in a hidden mailbox is listed when it meets the condition by
 * alternatives in which that mailbox is named and not negated, once negations are pushed inwards (De Morgan).
 */
export function visibleOnly(where: Condition, hidden: ReadonlySet<string>): Condition {
  const outside: Condition[] = [...hidden].map((id) => ({ kind: 'not', of: { kind: 'mailbox', id } }));
  return normalForm(guarded(normalForm(where), hidden, outside));
}

function guarded(where: Condition, hidden: ReadonlySet<string>, outside: readonly Condition[]): Condition {
  if (!names(where, hidden)) return { kind: 'and', of: [where, ...outside] };
  if (where.kind === 'or') return { kind: 'or', of: where.of.map((branch) => guarded(branch, hidden, outside)) };
  if (where.kind !== 'and') return where;
  const naming = where.of.filter((part) => names(part, hidden));
  const [only] = naming;
  if (naming.length === 1 && only)
    return { kind: 'and', of: where.of.map((part) => (part === only ? guarded(part, hidden, outside) : part)) };
  // One of several has to name where the message lies. Said beside them, so that what they ask stands in no alternative with it.
  const visible = [...naming.map((part) => through(part, hidden)), { kind: 'and', of: outside } as const];
  return { kind: 'and', of: [...where.of, { kind: 'or', of: visible }] };
}

/** Where a condition holds by an alternative that names a hidden mailbox. */
function through(where: Condition, hidden: ReadonlySet<string>): Condition {
  if (where.kind !== 'and' && where.kind !== 'or') return where;
  const naming = where.of.filter((part) => names(part, hidden)).map((part) => through(part, hidden));
  return where.kind === 'or'
    ? { kind: 'or', of: naming }
    : { kind: 'and', of: [...where.of, { kind: 'or', of: naming }] };
}

function names(where: Condition, hidden: ReadonlySet<string>): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some((part) => names(part, hidden));
  return where.kind === 'mailbox' && where.named !== false && hidden.has(where.id);
}
