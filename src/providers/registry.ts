import type { Config } from '../config.ts';
import { gmail } from './gmail/index.ts';
import { outlook } from './outlook/index.ts';
import type { Provider } from './provider.ts';

/** Every provider there is. A new one is one line here. */
export const registry = (config: Config): readonly Provider[] => [
  gmail(config.google) as Provider,
  outlook(config.microsoft) as Provider,
];
