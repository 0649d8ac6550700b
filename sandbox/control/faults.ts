import type { Fault, Faults, Vendor } from '../world.ts';

/** A fault as it was set, and what it has met so far. */
export interface SetFault {
  readonly id: number;
  readonly fault: Fault;
  readonly met: number;
}
export interface FaultList extends Faults {
  list(): readonly SetFault[];
  /** False: there is no such fault. */
  remove(id: number): boolean;
}

interface Entry {
  readonly id: number;
  readonly fault: Fault;
  seen: number;
  met: number;
}

/** The faults that are set, oldest first; a request meets the first that wants it. */
export function createFaults(): FaultList {
  let entries: Entry[] = [];
  let lastId = 0;
  return {
    add(fault) {
      entries.push({ id: ++lastId, fault, seen: 0, met: 0 });
      return lastId;
    },
    clear() {
      entries = [];
    },
    meet(vendor, account, operation) {
      const entry = entries.find(
        (candidate) => matches(candidate.fault, vendor, account, operation) && draws(candidate),
      );
      if (!entry) return null;
      entry.met++;
      if (entry.fault.times !== undefined && entry.met >= entry.fault.times) {
        entries = entries.filter((other) => other !== entry);
      }
      return entry.fault;
    },
    list: () => entries.map(({ id, fault, met }) => ({ id, fault, met })),
    remove(id) {
      const before = entries.length;
      entries = entries.filter((entry) => entry.id !== id);
      return entries.length < before;
    },
  };
}

/** Webhook faults are met by deliveries ("webhook") alone, and the others by requests alone, unless one names it. */
function matches(fault: Fault, vendor: Vendor, account: string | null, operation: string): boolean {
  if (fault.vendor !== vendor) return false;
  if (fault.account !== undefined && fault.account.toLowerCase() !== account?.toLowerCase()) return false;
  if ((fault.webhook !== undefined) !== (operation === 'webhook') && fault.operation !== operation) return false;
  if (fault.operation === undefined) return true;
  if (fault.operation.endsWith('*')) return operation.startsWith(fault.operation.slice(0, -1));
  return operation === fault.operation;
}

/** A share of 0.25 meets every fourth: the count decides, not chance. */
function draws(entry: Entry): boolean {
  const share = entry.fault.share ?? 1;
  entry.seen++;
  return Math.floor(entry.seen * share) > Math.floor((entry.seen - 1) * share);
}
