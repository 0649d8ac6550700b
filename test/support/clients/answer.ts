/** One error of a GraphQL answer. */
export interface AnswerError {
  readonly message: string;
  readonly path?: (string | number)[];
  readonly extensions: { readonly code: string; readonly [key: string]: unknown };
}

/** The body of an answer to an operation. The test declares the type of `data` unless codegen has typed the document. */
export interface AnswerBody<T = unknown> {
  readonly data: T;
  readonly errors?: AnswerError[];
}

export const bodyOf = async <T>(response: Response): Promise<AnswerBody<T>> => (await response.json()) as AnswerBody<T>;

/** A page of a list, for documents that are built as the test runs and that codegen therefore cannot type. */
export interface Page<Node> {
  readonly nodes: Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  readonly sources: PageSource[];
}

interface PageSource {
  readonly state: string;
  readonly evaluation: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}
