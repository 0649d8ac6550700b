import { twinOf } from '../twins.ts';
import type { Fault } from '../world.ts';
import { ControlError } from './input.ts';

/** Returns the fault with the status of its named error, unless it sets another one. Throws ControlError for an unknown name. */
export function named(fault: Fault): Fault {
  if (fault.error === undefined) return fault;
  const { errors } = twinOf(fault.vendor);
  const status = errors[fault.error];
  if (status === undefined)
    throw new ControlError(`error: must be one of ${Object.keys(errors).join(', ')} at ${fault.vendor}`);
  return { status, ...fault };
}
