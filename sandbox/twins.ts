import { google } from './google/twin.ts';
import type { Person } from './mail/mail.ts';
import { microsoft } from './microsoft/twin.ts';
import type { Twin } from './twin.ts';
import type { Vendor } from './world.ts';

/** Every emulated vendor. A new one is added here. */
export const TWINS: readonly Twin[] = [google, microsoft];

export const twinOf = (vendor: Vendor): Twin => {
  const twin = TWINS.find((one) => one.vendor === vendor);
  if (!twin) throw new Error(`nothing here plays ${vendor}`);
  return twin;
};

export interface DemoAccount extends Twin {
  readonly demo: Person;
}
export const DEMO_ACCOUNTS: readonly DemoAccount[] = TWINS.filter((twin): twin is DemoAccount => twin.demo !== null);
