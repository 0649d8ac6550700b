import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';

/**
 * Adds to a condition that messages in trash and junk (`hidden`, by mailbox id) are left out. They are included only where the
 * condition names these mailboxes: a message in a hidden mailbox is listed when it matches by alternatives in which that mailbox is
 * named and not negated, after negations were pushed inwards (De Morgan).
 */
export function visibleOnly(where: Condition, hidden: ReadonlySet<string>): Condition {
  const outside: Condition[] = [...hidden].map((id) => ({ kind: 'not', of: { kind: 'mailbox', id } }));
  return normalForm(guarded(normalForm(where), hidden, outside));
}

function guarded(where: Condition, hidden: ReadonlySet<string>, outside: readonly Condition[]): Condition {
  if (!namesMailbox(where, hidden)) return { kind: 'and', of: [where, ...outside] };
  if (where.kind === 'or') return { kind: 'or', of: where.of.map((branch) => guarded(branch, hidden, outside)) };
  if (where.kind !== 'and') return where;
  const naming = where.of.filter((part) => namesMailbox(part, hidden));
  const [only] = naming;
  if (naming.length === 1 && only)
    return { kind: 'and', of: where.of.map((part) => (part === only ? guarded(part, hidden, outside) : part)) };
  // One of several parts must name the message's mailbox. This is a condition of its own, so that the parts stay outside of its alternatives.
  const visible = [...naming.map((part) => through(part, hidden)), { kind: 'and', of: outside } as const];
  return { kind: 'and', of: [...where.of, { kind: 'or', of: visible }] };
}

/** The condition that `where` matches by an alternative which names a hidden mailbox. */
function through(where: Condition, hidden: ReadonlySet<string>): Condition {
  if (where.kind !== 'and' && where.kind !== 'or') return where;
  const naming = where.of.filter((part) => namesMailbox(part, hidden)).map((part) => through(part, hidden));
  return where.kind === 'or'
    ? { kind: 'or', of: naming }
    : { kind: 'and', of: [...where.of, { kind: 'or', of: naming }] };
}

/** Whether the condition names one of these mailboxes, without a negation. */
export function namesMailbox(where: Condition, hidden: ReadonlySet<string>): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some((part) => namesMailbox(part, hidden));
  return where.kind === 'mailbox' && where.named !== false && hidden.has(where.id);
}
