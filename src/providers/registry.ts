import type { Adapter, Provider, ProviderTimes } from './contract/provider.ts';
import { gmail } from './gmail/index.ts';
import { outlook } from './outlook/index.ts';

/** All providers. A new one is added here. */
export const ADAPTERS: readonly Adapter[] = [gmail, outlook];

/** Creates all providers. `settings` are the parsed environment variables of each adapter, by its id. */
export const registry = (settings: ProviderSettings, times?: ProviderTimes): readonly Provider[] =>
  ADAPTERS.map((adapter) => adapter.create(settings[adapter.id] ?? {}, times));

type ProviderSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
