import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Stack traces name the sources of what was built into this folder. Node's own --enable-source-maps reads the map of
 * every package too, as it is imported: a tenth of a start. Here a map is read by the first trace that needs it.
 * @param {string} folder
 */
export function nameSources(folder) {
  const base = pathToFileURL(`${folder}/`).href;
  const maps = new Map();
  const mapOf = (file) => {
    if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
    return maps.get(file);
  };
  const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/;
  const named = (frame) =>
    String(frame).replace(PLACE, (place, file, line, column) => {
      const origin = file.startsWith(base) && mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (!origin?.originalSource) return place;
      const path = fileURLToPath(new URL(origin.originalSource, file));
      return `${path}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
    });
  Error.prepareStackTrace = (error, frames) =>
    [headOf(error), ...frames.map((frame) => `    at ${named(frame)}`)].join('\n');
}

function headOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return '<error>'; // its name or message is a getter that throws
  }
}

function readMap(url) {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(url), 'utf8')));
  } catch {
    return undefined; // the trace is then of what was built
  }
}
