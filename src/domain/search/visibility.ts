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
  // Outside of trash and junk all parts must hold; inside, one of them has to name where the message lies.
  const naming = where.of.filter((part) => names(part, hidden));
  const [only] = naming;
  const through = (part: Condition): Condition => ({
    kind: 'and',
    of: where.of.map((other) => (other === part ? guarded(part, hidden, outside) : other)),
  });
  return naming.length === 1 && only ? through(only) : { kind: 'or', of: naming.map(through) };
}

function names(where: Condition, hidden: ReadonlySet<string>): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some((part) => names(part, hidden));
  return where.kind === 'mailbox' && where.named !== false && hidden.has(where.id);
}
