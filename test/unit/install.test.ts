import { readFileSync } from 'node:fs';
import { satisfies } from 'semver';
import { expect, it } from 'vitest';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly allowScripts: Readonly<Record<string, boolean>>;
}
interface Locked {
  readonly engines?: { readonly node?: string };
  readonly hasInstallScript?: boolean;
  readonly deprecated?: string;
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const manifest = read<Manifest>('package.json');
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');
const locked = Object.entries(packages).filter(([path]) => path !== '');
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

it('every package that an install brings runs on the oldest Node that is supported', () => {
  expect(manifest.engines.node).toBe('>=20.19');
  const refusing = locked.filter(([, { engines }]) => engines?.node && !satisfies('20.19.0', engines.node));
  expect(refusing).toEqual([]);
});

it('an install prints no notice: no deprecated package, and each install script is allowed or denied', () => {
  expect(locked.filter(([, { deprecated }]) => deprecated !== undefined)).toEqual([]);
  const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
  expect(Object.keys(manifest.allowScripts).sort()).toEqual([...new Set(scripted)].sort());
});
