/** The questions that a process of the bench answers over IPC, with the types of its answers. */
export interface Answers {
  readonly usage: Usage;
  /** Bytes on the heap after a collection. */
  readonly heap: number;
  readonly 'profile-start': null;
  readonly 'profile-stop': Profile;
  /** The path of a snapshot of the heap, for Chromium's tools. */
  readonly snapshot: string;
  /** One more event. */
  readonly deliver: null;
  readonly stop: null;
}
export type Question = keyof Answers;

interface Usage {
  /** The CPU time of all threads since the process began. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The part of a V8 CPU profile that the bench reads. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}
