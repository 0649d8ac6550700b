import { twinOf } from '../twins.ts';
import type { Fault } from '../world.ts';
import { ControlError } from './input.ts';

/** With the status that its error has, unless it gives another. Throws ControlError. */
export function named(fault: Fault): Fault {
  if (fault.error === undefined) return fault;
  const { errors } = twinOf(fault.vendor);
  const status = errors[fault.error];
  if (status === undefined) throw new ControlError(`error: ${fault.vendor} has ${Object.keys(errors).join(', ')}`);
  return { status, ...fault };
}
