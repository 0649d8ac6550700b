import { createHash } from 'node:crypto';
import type { Fault, Faults, Vendor } from '../world.ts';

/** A fault as it was set, and the number of requests that it has applied to. */
export interface SetFault {
  readonly id: number;
  readonly fault: Fault;
  readonly met: number;
}
export interface FaultList extends Faults {
  list(): readonly SetFault[];
  /** Returns false when there is no such fault. */
  remove(id: number): boolean;
}

interface Entry {
  readonly id: number;
  readonly fault: Fault;
  seen: number;
  met: number;
  /** Lets the requests continue that wait for the fault to be cleared. */
  readonly clear: () => void;
  readonly cleared: Promise<void>;
}

/** The faults that are set, oldest first. The first one that matches applies to a request. */
export function createFaults(): FaultList {
  let entries: Entry[] = [];
  /** Faults that apply to no further request, but whose requests still wait. */
  let spent: Entry[] = [];
  let lastId = 0;
  return {
    add(fault) {
      let clear = () => {};
      const cleared = new Promise<void>((resolve) => {
        clear = resolve;
      });
      entries.push({ id: ++lastId, fault, seen: 0, met: 0, clear, cleared });
      return lastId;
    },
    clear() {
      for (const entry of [...entries, ...spent]) entry.clear();
      entries = spent = [];
    },
    meet(vendor, account, operation) {
      const entry = entries.find(
        (candidate) => matches(candidate.fault, vendor, account, operation) && draws(candidate),
      );
      if (!entry) return null;
      entry.met++;
      if (entry.fault.times !== undefined && entry.met >= entry.fault.times) {
        entries = entries.filter((other) => other !== entry);
        if (entry.fault.hang === 'release') spent.push(entry);
      }
      if (entry.fault.hang !== 'release') return entry.fault;
      const { hang: _released, ...fault } = entry.fault;
      return { ...fault, cleared: entry.cleared };
    },
    list: () => entries.map(({ id, fault, met }) => ({ id, fault, met })),
    remove(id) {
      const removed = [...entries, ...spent].filter((entry) => entry.id === id);
      for (const entry of removed) entry.clear();
      entries = entries.filter((entry) => entry.id !== id);
      spent = spent.filter((entry) => entry.id !== id);
      return removed.length > 0;
    },
  };
}

/** A webhook fault applies to deliveries ("webhook") alone, and any other fault to requests alone unless it names that operation. */
function matches(fault: Fault, vendor: Vendor, account: string | null, operation: string): boolean {
  if (fault.vendor !== vendor) return false;
  if (fault.account !== undefined && fault.account.toLowerCase() !== account?.toLowerCase()) return false;
  if ((fault.webhook !== undefined) !== (operation === 'webhook') && fault.operation !== operation) return false;
  if (fault.operation === undefined) return true;
  if (fault.operation.endsWith('*')) return operation.startsWith(fault.operation.slice(0, -1));
  return operation === fault.operation;
}

/** Returns a number from 0 up to 1 that depends on the text alone. */
const digestOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;

/** Decides by counting, not by chance: a share of 0.25 applies to every fourth request. */
function draws(entry: Entry): boolean {
  const { share = 1, seed } = entry.fault;
  entry.seen++;
  if (seed !== undefined) return digestOf(`${seed} ${entry.seen}`) < share;
  return Math.floor(entry.seen * share) > Math.floor((entry.seen - 1) * share);
}
