import { execFileSync } from 'node:child_process';
import { buildSchema, findBreakingChanges } from 'graphql';

interface Release {
  /** The version of the tag, without its v. */
  readonly version: string;
  /** The content of schema.graphql in that release. */
  readonly sdl: string;
}

/**
 * Returns the last release before this commit. Its tag is v and a version. Null if git knows no tag, as in a shallow
 * clone.
 */
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

/** Returns the changes that may break clients of `before`, one line each. */
export function breakingChanges(before: string, after: string): string[] {
  return findBreakingChanges(buildSchema(before), buildSchema(after)).map(({ description }) => description);
}

/**
 * Returns whether a version may break what the one before it promised (semver): a new major version may, and a new
 * minor one before 1.0.
 */
export function mayBreak(from: string, to: string): boolean {
  const [major = 0, minor = 0] = from.split('.').map(Number);
  const [toMajor = 0, toMinor = 0] = to.split('.').map(Number);
  return toMajor > major || (major === 0 && toMajor === 0 && toMinor > minor);
}
