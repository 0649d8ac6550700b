import type { Adapter, Provider, ProviderTimes } from './contract/provider.ts';
import { gmail } from './gmail/index.ts';
import { outlook } from './outlook/index.ts';

/** Every provider there is. A new one is one line here. */
export const ADAPTERS: readonly Adapter[] = [gmail, outlook];

/** `settings`: what each adapter's own schema read of the environment, by its id. */
export const registry = (settings: ProviderSettings, times?: ProviderTimes): readonly Provider[] =>
  ADAPTERS.map((adapter) => adapter.create(settings[adapter.id] ?? {}, times));

type ProviderSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
