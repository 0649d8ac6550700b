import { expect, it } from 'vitest';
import { eventStreamIn } from '../../src/server/sse/accept.ts';

it.each([
  [undefined, 'refused'],
  ['', 'refused'],
  ['*/*', 'refused'],
  ['application/json', 'refused'],
  ['text/html, */*;q=0.8', 'refused'],
  ['text/event-streams', 'refused'],
  ['text/event-stream;q=0', 'refused'],
  ['text/event-stream;q=0.000, */*', 'refused'],
  ['text/event-stream;q=two', 'refused'],
  ['text/*, text/event-stream;q=0', 'refused'],
  ['text/event-stream', 'preferred'],
  ['Text/Event-Stream; charset=utf-8', 'preferred'],
  ['text/event-stream;charset=utf-8;q=0.5', 'preferred'],
  ['text/*', 'preferred'],
  ['text/event-stream, application/json;q=0.9', 'preferred'],
  ['text/event-stream;q=0.8 , */*;q=0.1', 'preferred'],
  ['application/json;q=0, text/event-stream;q=0.1', 'preferred'],
  ['text/event-stream, */*', 'accepted'],
  ['application/json, text/event-stream', 'accepted'],
  ['text/event-stream, application/*', 'accepted'],
  ['text/event-stream;Q=0.5, application/json', 'accepted'],
  // What urql sends with every operation.
  ['application/graphql-response+json, application/json, text/event-stream, multipart/mixed', 'accepted'],
])('"%s": an event stream is %s', (accept, expected) => expect(eventStreamIn(accept)).toBe(expected));
