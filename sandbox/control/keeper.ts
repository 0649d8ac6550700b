import type { Emulator } from '../world.ts';
import type { Entry, Journal } from './journal.ts';

const INTERVAL_MS = 250;

/** Writes the changes of the emulated accounts to a journal, and restores them at the next start. */
interface Keeper {
  /** Restores what the journal holds of the account, which has just been filled. Its changes are written from then on. */
  take(emulator: Emulator, account: string): void;
  /** Writes the changes since the last call. It is called several times a second. */
  write(): void;
  /** Writes the last changes. */
  close(): void;
}

/** The state of an account when it was last written. */
interface Written {
  readonly emulator: Emulator;
  readonly account: string;
  stamp: string;
  pieces: Map<string, string>;
}

/** Used when nothing survives the process: no account is searched for changes. */
export const NO_KEEPER: Keeper = { take: () => undefined, write: () => undefined, close: () => undefined };

export function createKeeper(journal: Journal, log: (line: string) => void): Keeper {
  const accounts: Written[] = [];
  let problem: string | null = null;
  const writeChanges = () => {
    for (const written of accounts) {
      const { emulator, account } = written;
      const stamp = emulator.stampOf(account);
      if (stamp === written.stamp) continue;
      const entries: Entry[] = [];
      const pieces = new Map<string, string>();
      for (const piece of emulator.piecesOf(account)) {
        pieces.set(piece.key, piece.stamp);
        if (written.pieces.get(piece.key) !== piece.stamp)
          entries.push([keyOf(emulator, account, piece.key), piece.read()]);
      }
      for (const key of written.pieces.keys())
        if (!pieces.has(key)) entries.push([keyOf(emulator, account, key), null]);
      if (entries.length > 0) journal.write(entries);
      Object.assign(written, { stamp, pieces });
    }
  };
  /** A full disk must not fail the request that made the change: the write is tried again. */
  const write = () => {
    try {
      writeChanges();
      problem = null;
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) log(`The sandbox's mail cannot be kept for the next start: ${message}`);
      problem = message;
    }
  };
  const timer = setInterval(write, INTERVAL_MS).unref();
  return {
    write,
    take(emulator, account) {
      emulator.restore(account, journal.kept(keyOf(emulator, account, '')));
      accounts.push({
        emulator,
        account,
        stamp: emulator.stampOf(account),
        pieces: new Map(Array.from(emulator.piecesOf(account), ({ key, stamp }) => [key, stamp])),
      });
    },
    close() {
      clearInterval(timer);
      write();
    },
  };
}

const keyOf = ({ vendor }: Emulator, account: string, key: string): string =>
  `${vendor} ${account.toLowerCase()} ${key}`;
