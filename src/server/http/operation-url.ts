/** Why a URL has no operation, with the name of the parameter. */
interface UrlFault {
  readonly parameter: string;
  readonly is: 'repeated' | 'no JSON';
}

/** The members of an operation as a URL has them, whose types are not checked. */
interface UrlOperation {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

const TEXTS = ['query', 'operationName'] as const;
/** Their values are JSON. */
const OBJECTS = ['variables', 'extensions'] as const;

/** Reads the operation of a GET request from its URL (GraphQL over HTTP, section 6.2). */
export function operationInUrl(url: string): UrlOperation | UrlFault {
  const parameters = new URL(url, 'http://localhost').searchParams;
  const operation: Record<string, unknown> = {};
  for (const name of [...TEXTS, ...OBJECTS]) {
    const [value, ...others] = parameters.getAll(name);
    if (others.length > 0) return { parameter: name, is: 'repeated' };
    if (value !== undefined) operation[name] = value;
  }
  for (const name of OBJECTS) {
    try {
      if (name in operation) operation[name] = JSON.parse(operation[name] as string);
    } catch {
      return { parameter: name, is: 'no JSON' };
    }
  }
  return operation;
}

export const isUrlFault = (read: UrlOperation | UrlFault): read is UrlFault => 'parameter' in read;

/** Whether a request has its operation in its URL. HEAD is answered as GET is, without the body (RFC 9110, section 9.3.2). */
export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';
