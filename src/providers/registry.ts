import type { Config } from '../config.ts';
import type { Adapter, Provider, ProviderTimes } from './contract/provider.ts';
import { gmail } from './gmail/index.ts';
import { outlook } from './outlook/index.ts';

/** Every provider there is. A new one is one line here. */
export const ADAPTERS: readonly Adapter[] = [gmail, outlook];

export const registry = (config: Pick<Config, 'providers'>, times?: ProviderTimes): readonly Provider[] =>
  ADAPTERS.map((adapter) => adapter.create(config.providers[adapter.id] ?? {}, times));
