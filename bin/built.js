import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What was read to build, by its content as it was when it was read: times lie after a checkout, and a file that changes
 * during the build makes the result outdated.
 */
export class Sources {
  /** @type {Record<string, string>} */
  digests = {};

  /** @param {readonly string[]} tools */
  constructor(tools) {
    for (const path of tools) this.note(path, readFileSync(path));
  }

  /** @param {string} path @param {string | Buffer} content */
  note(path, content) {
    this.digests[path] = digest(content);
  }

  /** @param {string} path */
  has(path) {
    return path in this.digests;
  }
}

/**
 * Whether the folder holds what a build of these very sources gives. Paths are absolute, as those inside of what was
 * built are: a copy of the tree is built again.
 * @param {string} folder @param {string} entryPoint
 */
export function isCurrent(folder, entryPoint) {
  const { entry, note } = placesOf(folder, entryPoint);
  try {
    const { outputs, digests } = JSON.parse(readFileSync(note, 'utf8'));
    // The entry names the other outputs, which are called after their content.
    const same = [...Object.entries(digests), [entry, outputs[entry]]];
    return same.every(([path, was]) => digest(readFileSync(path)) === was) && Object.keys(outputs).every(existsSync);
  } catch {
    return false; // nothing built yet, or a source is gone
  }
}

/**
 * Each file is there whole or not at all, and the entry after what it names: another start may be reading.
 * @param {string} folder @param {string} entryPoint @param {import('esbuild').OutputFile[]} files
 * @param {Sources} sources @param {readonly string[]} packages
 */
export function keep(folder, entryPoint, files, { digests }, packages) {
  const { entry, note } = placesOf(folder, entryPoint);
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of files.toSorted((a, b) => Number(a.path === entry) - Number(b.path === entry))) {
    put(path, contents);
  }
  const outputs = Object.fromEntries(files.map(({ path, contents }) => [path, digest(contents)]));
  put(note, JSON.stringify({ outputs, digests, packages }));
}

/** What the last build imports from node_modules as it is loaded; nothing where there was none. */
export function packagesOf(folder, entryPoint = 'src/main.ts') {
  try {
    return JSON.parse(readFileSync(placesOf(folder, entryPoint).note, 'utf8')).packages;
  } catch {
    return [];
  }
}

function placesOf(folder, entryPoint) {
  const name = basename(entryPoint, '.ts');
  return { entry: join(folder, `${name}.js`), note: join(folder, `${name}.built.json`) };
}

function put(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

const digest = (content) => createHash('sha256').update(content).digest('base64');
