import { isMailError } from '../../domain/error.ts';
import { path } from './url.ts';

const NAMES = ['deleteditems', 'junkemail'] as const;

/** The folders that a list of the whole account leaves out. Graph's $filter knows them by id only, and ids never change. */
export class HiddenFolders {
  private known: readonly string[] | null = null;

  /** Null until Graph has been asked. */
  get ids(): readonly string[] | null {
    return this.known;
  }

  readonly paths: readonly string[] = NAMES.map((name) => path(`/me/mailFolders/${name}`, { $select: 'id' }));

  /** Takes the answers to `paths`, in their order. A folder that is not there hides nothing. */
  learn(answers: readonly unknown[]): readonly string[] {
    const ids: string[] = [];
    for (const answer of answers) {
      if (!isMailError(answer)) ids.push((answer as { id: string }).id);
      else if (answer.code !== 'NOT_FOUND') throw answer;
    }
    this.known = ids;
    return ids;
  }
}
