/** What stands for the number of the request in the body of an order. */
export const NUMBER = '<the number of the request>';

/** An order to the load generator: it sends the same request to one server over a few connections, as fast as it answers. */
export interface Order {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** The body of a POST, in which NUMBER is replaced. Null: the request is a GET. */
  readonly body: string | null;
  /** The status that every answer must have. Default: 200. */
  readonly status?: number;
  readonly connections: number;
  /** The end of the order: a number of responses, or a time. */
  readonly requests?: number;
  readonly ms?: number;
}
export interface Delivered {
  readonly requests: number;
  readonly ms: number;
}
