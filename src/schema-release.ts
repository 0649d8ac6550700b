import { execFileSync } from 'node:child_process';
import { buildSchema, findBreakingChanges } from 'graphql';

interface Release {
  /** As the tag says it, without its v. */
  readonly version: string;
  /** What schema.graphql said then. */
  readonly sdl: string;
}

/** The last release before this commit: its tag is v and a version. Null where git knows of none, as in a shallow clone. */
export function lastRelease(): Release | null {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*').trim();
    return { version: tag.slice(1), sdl: git('show', `${tag}:schema.graphql`) };
  } catch {
    return null;
  }
}

/** What clients of `before` may trip over, one line each. */
export function breakingChanges(before: string, after: string): string[] {
  return findBreakingChanges(buildSchema(before), buildSchema(after)).map(({ description }) => description);
}

/** Whether a version promises less than the one before it (semver): a new major, before 1.0 a new minor. */
export function mayBreak(from: string, to: string): boolean {
  const [major = 0, minor = 0] = from.split('.').map(Number);
  const [toMajor = 0, toMinor = 0] = to.split('.').map(Number);
  return toMajor > major || (major === 0 && toMajor === 0 && toMinor > minor);
}
